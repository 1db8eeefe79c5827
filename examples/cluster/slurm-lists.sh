#!/bin/bash
# Compresses the files of name lists with a Slurm job array, one list in each task.
#
#   name-lists.sh TREE LISTS 4096
#   sbatch --array=1-4096%16 slurm-lists.sh LISTS REPORTS
#
# There are many more lists than hosts: a host that is done with one list takes the next one, so all hosts end at about the same time. The
# cluster must permit arrays of this size (MaxArraySize). With half of a host's processors for each task, two tasks share a host, and
# one of them works while Slurm starts the next one. All hosts must see the tree, LISTS and REPORTS at the same paths.
#SBATCH --job-name=gzcc
#SBATCH --cpus-per-task=1
#SBATCH --requeue
set -eu
lists=$1 reports=$2
list=$lists/$(printf %06d "$SLURM_ARRAY_TASK_ID")
report=$reports/$SLURM_ARRAY_TASK_ID.json

# There may be fewer lists than tasks.
[ -e "$list" ] || exit 0
mkdir -p "$reports"
# A task that was killed may have left an incomplete line.
echo >> "$report"
# Since Slurm 22.05, a step does not inherit --cpus-per-task.
exec srun --cpus-per-task="$SLURM_CPUS_PER_TASK" \
  gzcc --update --json --files0-from "$list" >> "$report"
