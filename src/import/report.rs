//! What a move found, did and could not do.

use std::collections::BTreeMap;

/// Cases named under one heading; the others are counted.
const NAMED: usize = 50;

/// A figure of both databases.
struct Line {
    what: String,
    old: i64,
    left_out: i64,
    new: i64,
}

/// Cases of one kind.
#[derive(Default)]
struct Cases {
    count: usize,
    named: Vec<String>,
}

/// What a move found, did and could not do.
#[derive(Default)]
pub struct Report {
    lines: Vec<Line>,
    notes: BTreeMap<&'static str, Cases>,
    left_out: BTreeMap<&'static str, i64>,
    /// Lines of the price list that only old pending orders know.
    pub(super) offers_added: i64,
    /// Conversations found.
    pub(super) conversations: i64,
    /// Consultations found.
    pub(super) consultations: i64,
    /// Whether it was written and kept.
    pub written: bool,
}

impl Report {
    pub(super) fn note(&mut self, kind: &'static str, case: impl Into<String>) {
        let cases = self.notes.entry(kind).or_default();
        cases.count += 1;
        if cases.named.len() < NAMED {
            cases.named.push(case.into());
        }
    }

    /// A row that the new database has no place for, and why.
    pub(super) fn leave_out(&mut self, table: &'static str, why: &'static str, case: &str) {
        *self.left_out.entry(table).or_default() += 1;
        self.note(why, format!("{table} {case}"));
    }

    pub(super) fn left_out(&self, table: &str) -> i64 {
        self.left_out.get(table).copied().unwrap_or_default()
    }

    pub(super) fn line(&mut self, what: impl Into<String>, old: i64, left_out: i64, new: i64) {
        self.lines.push(Line { what: what.into(), old, left_out, new });
    }

    /// Whether a figure is not what it was.
    pub fn differs(&self) -> bool {
        self.lines.iter().any(Line::differs)
    }

    /// The report, for whoever moves.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (kind, cases) in &self.notes {
            text.push_str(&format!("{kind} : {}\n", cases.count));
            for case in &cases.named {
                text.push_str(&format!("  - {case}\n"));
            }
            if cases.count > cases.named.len() {
                text.push_str(&format!("  … et {} autres\n", cases.count - cases.named.len()));
            }
        }
        text.push_str(&format!("\n{:<34}{:>16}{:>12}{:>16}\n", "", "ancienne", "écartées", "nouvelle"));
        for line in &self.lines {
            let mark = if line.differs() { "  DIFFÉRENT" } else { "" };
            text.push_str(&format!(
                "{:<34}{:>16}{:>12}{:>16}{mark}\n",
                line.what, line.old, line.left_out, line.new
            ));
        }
        text
    }
}

impl Line {
    fn differs(&self) -> bool {
        self.old - self.left_out != self.new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_no_difference_and_what_is_lost_is() {
        let mut report = Report::default();
        report.line("users", 10, 1, 9);
        assert!(!report.differs());
        report.line("commandes", 10, 0, 9);
        assert!(report.differs() && report.text().contains("DIFFÉRENT"));
    }
}
