//! The table.

use crate::{load::Slice, reads::Read};

/// One slice of one side: what clients saw, and the processor time it took the server.
pub struct Measure {
    pub slice: Slice,
    /// Microseconds per request.
    pub cpu: f64,
}

/// Everything measured of a read.
pub struct Line {
    pub read: Read,
    pub bytes: (usize, usize),
    pub statements: (f64, f64),
    pub server: Vec<Measure>,
    pub floor: Vec<Measure>,
}

impl Line {
    /// Median and extremes, over the pairs of slices, of the server's processor time by the floor's.
    pub fn ratio(&self) -> (f64, f64, f64) {
        let pairs = self.server.iter().zip(&self.floor);
        let mut ratios: Vec<f64> = pairs.map(|(server, floor)| server.cpu / floor.cpu).collect();
        ratios.sort_by(f64::total_cmp);
        let at = |index: usize| ratios.get(index).copied().unwrap_or(f64::NAN);
        (at(ratios.len() / 2), at(0), at(ratios.len().saturating_sub(1)))
    }
}

pub fn heading() {
    println!(
        "{:32} {:>6} {:>5} | {:>15} {:>13} {:>13} | {:>15} {:>19}",
        "read", "bytes", "stmts", "requests/s", "p50 ms", "p99 ms", "CPU µs", "CPU ratio"
    );
    println!(
        "{:32} {:>6} {:>5} | {:>15} {:>13} {:>13} | {:>15} {:>19}",
        "", "", "", "server floor", "server floor", "server floor", "server floor", "median (extremes)"
    );
}

pub fn line(line: &Line) {
    let side = |measures: &[Measure]| {
        let requests: u64 = measures.iter().map(|measure| measure.slice.requests).sum();
        let wall: f64 = measures.iter().map(|measure| measure.slice.wall.as_secs_f64()).sum();
        let mut latencies: Vec<u32> =
            measures.iter().flat_map(|measure| measure.slice.latencies.iter().copied()).collect();
        latencies.sort_unstable();
        let at = |share: f64| {
            let index = (latencies.len() as f64 * share) as usize;
            latencies.get(index).map_or(f64::NAN, |micros| f64::from(*micros) / 1000.0)
        };
        let mut cpu: Vec<f64> = measures.iter().map(|measure| measure.cpu).collect();
        cpu.sort_by(f64::total_cmp);
        (requests as f64 / wall, at(0.5), at(0.99), cpu.get(cpu.len() / 2).copied().unwrap_or(f64::NAN))
    };
    let (server, floor) = (side(&line.server), side(&line.floor));
    let (median, least, most) = line.ratio();
    println!(
        "{:32} {:>6} {:>5.2} | {:>8.0} {:>6.0} {:>6.2} {:>6.2} {:>6.2} {:>6.2} | {:>8.1} {:>6.1} {median:>6.2} ({least:.2}–{most:.2})",
        line.read.path(),
        line.bytes.0,
        line.statements.0,
        server.0,
        floor.0,
        server.1,
        floor.1,
        server.2,
        floor.2,
        server.3,
        floor.3,
    );
    if (line.statements.0 - line.statements.1).abs() > 0.2 || line.bytes.0 != line.bytes.1 {
        println!(
            "    ! the floor is another: {:.2} statements and {} bytes; see benches/http/reads.rs",
            line.statements.1, line.bytes.1
        );
    }
}

/// Worst and middle ratio of the reads that need a session.
pub fn verdict(lines: &[Line]) {
    let signed_in = lines.iter().filter(|line| line.read.signed_in());
    let mut ratios: Vec<f64> = signed_in.map(|line| line.ratio().0).collect();
    ratios.sort_by(f64::total_cmp);
    if let (Some(worst), Some(median)) = (ratios.last(), ratios.get(ratios.len() / 2)) {
        println!("Reads with a session: processor time {median:.2} times the floor's, {worst:.2} at worst.");
    }
}
