#!/bin/bash
# Compresses a tree with a Slurm job array. Each task walks the tree and compresses one shard of the files.
#
#   sbatch --array=1-64%16 slurm-shards.sh 64 TREE REPORTS
#
# All hosts must see TREE and REPORTS at the same paths. Slurm runs a task again if its node fails, and --update continues where the
# task was interrupted. The number of shards is an argument, so that single shards can be repeated:
#
#   sbatch --array=3,11 slurm-shards.sh 64 TREE REPORTS
#
# The manual page (section SHARDS) has a command that adds up the reports and names missing shards.
#SBATCH --job-name=gzcc
#SBATCH --cpus-per-task=1
#SBATCH --requeue
set -eu
shards=$1 tree=$2 reports=$3
report=$reports/$SLURM_ARRAY_TASK_ID.json

mkdir -p "$reports"
# A task that was killed may have left an incomplete line.
echo >> "$report"
# Since Slurm 22.05, a step does not inherit --cpus-per-task.
exec srun --cpus-per-task="$SLURM_CPUS_PER_TASK" \
  gzcc -r --update --json --shard "$SLURM_ARRAY_TASK_ID/$shards" "$tree" >> "$report"
