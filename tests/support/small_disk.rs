//! A disk so small that it is soon full.

use std::process::{Command, Stdio};

use super::scratch::Scratch;

/// Set in the process that has a user namespace to itself.
const INSIDE: &str = "STAKA_TEST_NAMESPACE";

/// A memory disk of one MiB, unmounted with the test.
pub struct SmallDisk(pub Scratch);

impl SmallDisk {
    /// Mounts it. Who may not mount here may in a user namespace: then the test of this name has run in one, in a
    /// process of its own, and there is nothing left to do. Where that is forbidden too the test cannot be done, which
    /// fails it in CI.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub fn mount(test: &str) -> Option<Self> {
        let disk = Scratch::new();
        let mounted =
            succeeds(Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(&*disk));
        if mounted {
            return Some(Self(disk));
        }
        assert!(std::env::var_os(INSIDE).is_none(), "a user namespace allows no mount");
        let namespace = ["--user", "--map-root-user", "--mount"];
        if succeeds(Command::new("unshare").args(namespace).arg("true")) {
            let again = [std::env::current_exe().unwrap().into_os_string(), "--exact".into(), test.into()];
            let mut again =
                Command::new("unshare").args(namespace).args(again).env(INSIDE, "1").spawn().unwrap();
            assert!(again.wait().unwrap().success(), "{test} failed in its namespace");
        } else {
            assert!(std::env::var_os("CI").is_none(), "neither mount nor unshare is allowed");
            eprintln!("{test} was skipped: neither mount nor unshare is allowed");
        }
        None
    }
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        succeeds(Command::new("umount").arg("-l").arg(&*self.0));
    }
}
