//! Hosts with ssh servers in network namespaces of their own. All see the files of the test.

use super::namespaces::Namespaces;
use crate::harness::{Call, Sandbox};

/// Connects `head` and the hosts h1, h2 and so on, whose addresses end with 11, 12 and so on, by a bridge. Each host has its own
/// network, host name, and ssh server, and a home directory without the user's startup files.
const START: &str = r#"set -e
mkdir -p /run/sshd ssh home/.parallel
# GNU parallel asks for nothing then.
touch home/.parallel/will-cite
ssh-keygen -q -t ed25519 -N '' -f ssh/user
ssh-keygen -q -t ed25519 -N '' -f ssh/host
ip link add bridge type bridge
ip address add 10.213.0.1/24 dev bridge
ip link set bridge up
for i in $(seq "$HOSTS"); do
  ip netns add h$i
  ip link add v$i type veth peer name eth0 netns h$i
  ip link set v$i master bridge up
  ip -n h$i address add 10.213.0.1$i/24 dev eth0
  ip -n h$i link set eth0 up
  cat >> ssh/config <<END
Host h$i
  HostName 10.213.0.1$i
  IdentityFile $PWD/ssh/user
  UserKnownHostsFile $PWD/ssh/known
  StrictHostKeyChecking no
  LogLevel ERROR
END
  cat > ssh/h$i <<END
ListenAddress 10.213.0.1$i
HostKey $PWD/ssh/host
AuthorizedKeysFile $PWD/ssh/user.pub
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
SetEnv PATH=$PWD/bin:$PATH HOME=$PWD/home
END
  ip netns exec h$i unshare -u sh -c "hostname h$i && exec $(command -v sshd) -f $PWD/ssh/h$i"
done
"#;

/// The running hosts.
pub(super) struct SshHosts {
    namespaces: Namespaces,
}

impl SshHosts {
    /// Starts them; the reason if they do not start. The directory `bin` of the sandbox comes first in the path of each host.
    pub(super) fn start(sandbox: Sandbox, hosts: usize) -> Result<Self, String> {
        let ssh = Self { namespaces: Namespaces::new(sandbox)? };
        let mut start = ssh.call(&["bash", "-c", START]);
        start.set("HOSTS", &hosts.to_string());
        let started = start.run();
        match started.status.success() {
            true => Ok(ssh),
            false => Err(format!("no hosts with ssh servers can be made here: {}", started.stderr())),
        }
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        self.namespaces.sandbox()
    }

    /// A call on `head`, from where GNU parallel reaches the hosts by their names.
    pub(super) fn call(&self, words: &[&str]) -> Call {
        let mut call = self.namespaces.command(words);
        let path = |name: &str| self.sandbox().path(name).to_str().unwrap().to_owned();
        call.set("HOME", &path("home"));
        call.set("PARALLEL_SSH", &format!("ssh -F {}", path("ssh/config")));
        call
    }
}
