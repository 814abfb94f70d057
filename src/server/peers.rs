//! How many connections each peer has.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who counts as one peer: given an address, the network it is counted as; none for those who are not counted, such as
/// a proxy that speaks for everybody.
#[derive(Clone)]
pub struct Counted(Arc<dyn Fn(IpAddr) -> Option<IpAddr> + Send + Sync>);

impl Counted {
    /// As `network` says.
    pub fn by(network: impl Fn(IpAddr) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        Self(Arc::new(network))
    }
}

impl Default for Counted {
    /// Every address but this machine's.
    fn default() -> Self {
        Self::by(|ip| (!ip.is_loopback()).then_some(ip))
    }
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counted").finish_non_exhaustive()
    }
}

/// The peers that have connections. Clones share them.
#[derive(Clone)]
pub(super) struct Peers(Arc<Inner>);

struct Inner {
    counted: Counted,
    each: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection of a peer.
pub(super) struct Visit {
    peers: Peers,
    network: Option<IpAddr>,
}

impl Peers {
    pub(super) fn new(counted: Counted, each: usize) -> Self {
        Self(Arc::new(Inner { counted, each, open: Mutex::default() }))
    }

    /// Lets a connection in, unless its peer has all those it may have.
    pub(super) fn enter(&self, ip: IpAddr) -> Option<Visit> {
        let network = (self.0.counted.0)(ip);
        if let Some(network) = network {
            let mut open = self.open();
            let count = open.entry(network).or_default();
            if *count >= self.0.each {
                return None;
            }
            *count += 1;
        }
        Some(Visit { peers: self.clone(), network })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visit {
    /// Whether its peer is counted.
    pub(super) fn is_counted(&self) -> bool {
        self.network.is_some()
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let Some(network) = self.network else { return };
        let mut open = self.peers.open();
        match open.get_mut(&network) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(open.remove(&network)),
        }
    }
}
