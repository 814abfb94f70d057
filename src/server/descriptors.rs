//! How many descriptors the process may have open: each connection is one.

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};

/// Raises the limit to `wanted` as far as the system lets us, and tells what it is now.
pub(super) fn raise(wanted: usize) -> usize {
    let wanted = rlim_t::try_from(wanted).unwrap_or(rlim_t::MAX);
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return usize::MAX };
    let raised = wanted.min(hard);
    let allowed = match soft < raised && setrlimit(Resource::RLIMIT_NOFILE, raised, hard).is_ok() {
        true => raised,
        false => soft,
    };
    usize::try_from(allowed).unwrap_or(usize::MAX)
}
