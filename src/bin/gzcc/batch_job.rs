//! The CPUs that a batch system assigned to this job, from the variables that it sets.
//!
//! A cluster that does not bind jobs to CPUs shows every job all CPUs of its host. These variables then are the only limit. They
//! lower the default number of workers and never raise it. gzcc ignores a value that is not a positive number, because the user
//! did not write it.

use std::ffi::OsString;
use std::num::NonZeroUsize;

/// A variable that holds a number of CPUs.
struct CpuVariable {
    name: &'static str,
    /// A variable that the same batch system sets in every job. Required where other programs use `name` as well.
    job: Option<&'static str>,
}

/// The variables of Slurm, PBS Professional and OpenPBS, Torque, LSF, and Grid Engine. Each holds the CPUs of a task or of the job
/// on this host, except those of LSF and Grid Engine: these count all hosts of a job, which is the same for a job on one host.
const VARIABLES: [CpuVariable; 6] = [
    CpuVariable { name: "SLURM_CPUS_PER_TASK", job: None },
    // Set also where the job did not request CPUs for each task.
    CpuVariable { name: "SLURM_CPUS_ON_NODE", job: None },
    CpuVariable { name: "NCPUS", job: Some("PBS_JOBID") },
    CpuVariable { name: "PBS_NUM_PPN", job: None },
    CpuVariable { name: "LSB_DJOB_NUMPROC", job: None },
    CpuVariable { name: "NSLOTS", job: Some("JOB_ID") },
];

/// The smallest number of CPUs that the environment states; `None` outside a batch job.
pub(crate) fn assigned_cpus(environment: impl Fn(&str) -> Option<OsString>) -> Option<NonZeroUsize> {
    let applies = |variable: &&CpuVariable| variable.job.is_none_or(|job| environment(job).is_some());
    let value = |variable: &CpuVariable| environment(variable.name)?.to_str()?.parse().ok();
    VARIABLES.iter().filter(applies).filter_map(value).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result for these variables.
    fn cpus(variables: &[(&str, &str)]) -> Option<usize> {
        let value = |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).into());
        assigned_cpus(value).map(NonZeroUsize::get)
    }

    #[test]
    fn every_batch_system_states_its_cpus() {
        assert_eq!(cpus(&[]), None);
        for (variables, expected) in [
            (&[("SLURM_CPUS_PER_TASK", "3")][..], 3),
            (&[("SLURM_CPUS_ON_NODE", "8"), ("SLURM_CPUS_PER_TASK", "2")], 2),
            (&[("SLURM_CPUS_ON_NODE", "1")], 1),
            (&[("PBS_JOBID", "7.host"), ("NCPUS", "4")], 4),
            (&[("PBS_NUM_PPN", "5")], 5),
            (&[("LSB_DJOB_NUMPROC", "6")], 6),
            (&[("JOB_ID", "9"), ("NSLOTS", "7")], 7),
        ] {
            assert_eq!(cpus(variables), Some(expected), "{variables:?}");
        }
    }

    #[test]
    fn a_name_that_other_programs_use_counts_only_in_a_job() {
        assert_eq!(cpus(&[("NCPUS", "1"), ("NSLOTS", "1")]), None);
        assert_eq!(cpus(&[("NCPUS", "1"), ("JOB_ID", "1")]), None);
    }

    #[test]
    fn a_value_that_is_not_a_positive_number_is_ignored() {
        for value in ["", "0", "-1", "many", "2(x3)", " 2", "2 ", "1.5", "0x2", "99999999999999999999999"] {
            assert_eq!(cpus(&[("SLURM_CPUS_PER_TASK", value)]), None, "{value}");
            assert_eq!(cpus(&[("SLURM_CPUS_PER_TASK", value), ("SLURM_CPUS_ON_NODE", "4")]), Some(4), "{value}");
        }
    }
}
