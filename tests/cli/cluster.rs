//! Clusters on one machine: hosts, networks and batch systems in namespaces that end with the test.

mod arrays;
mod namespaces;
mod slurm;
