//! A minimal XML writer: elements nest by closures, texts are always cleaned and escaped.

use super::clean;

pub(super) struct XmlWriter {
    out: String,
    depth: usize,
}

impl XmlWriter {
    pub(super) fn new() -> Self {
        Self { out: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), depth: 0 }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// An element with children. `open` is the start tag's inside: the name, and attributes of ours.
    pub(super) fn node(&mut self, open: &str, children: impl FnOnce(&mut Self)) {
        self.indent();
        self.out.extend(["<", open, ">\n"]);
        self.depth += 1;
        children(self);
        self.depth -= 1;
        self.indent();
        self.out.extend(["</", name_of(open), ">\n"]);
    }

    /// An element with a text; nothing at all when the text is empty once cleaned (an empty element is an error
    /// in EN 16931).
    pub(super) fn text(&mut self, open: &str, text: &str) {
        let clean = clean::xml_text(text);
        if !clean.is_empty() {
            self.indent();
            self.out.extend(["<", open, ">", &clean, "</", name_of(open), ">\n"]);
        }
    }

    /// Like [`Self::text`], for a value that may be absent.
    pub(super) fn maybe(&mut self, open: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(open, text);
        }
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }
}

fn name_of(open: &str) -> &str {
    open.split(' ').next().unwrap_or(open)
}
