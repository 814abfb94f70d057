//! Text set in lines: font fallback, direction, shaping, line breaking.
//!
//! Lengths are points. A [`TextLine`] is ready to draw: runs of glyphs from left to right.

use std::collections::BTreeMap;
use std::ops::Range;

use krilla::text::{GlyphId, KrillaGlyph};
use rustybuzz::{Direction, UnicodeBuffer};
use unicode_bidi::ParagraphBidiInfo;

use super::clean;
use super::fonts::{self, FontId, Weight};

/// Size and weight of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub size: f32,
    pub weight: Weight,
}

impl Style {
    pub(super) const fn regular(size: f32) -> Self {
        Self { size, weight: Weight::Regular }
    }

    pub(super) const fn bold(size: f32) -> Self {
        Self { size, weight: Weight::Bold }
    }
}

/// Glyphs of one font and one direction. Advances are fractions of the font size.
#[derive(Clone, Debug)]
pub(super) struct GlyphRun {
    pub font: FontId,
    pub text: String,
    pub glyphs: Vec<KrillaGlyph>,
}

impl GlyphRun {
    /// Width at size 1.
    pub(super) fn advance(&self) -> f32 {
        self.glyphs.iter().map(|glyph| glyph.x_advance).sum()
    }
}

/// One line of set text.
#[derive(Clone, Debug)]
pub(super) struct TextLine {
    pub runs: Vec<GlyphRun>,
    pub size: f32,
    pub width: f32,
}

impl TextLine {
    /// The line, set smaller if that is what it takes to be no wider than `width`.
    pub(super) fn fitted(mut self, width: f32) -> Self {
        if self.width > width {
            self.size *= width / self.width;
            self.width = width;
        }
        self
    }
}

/// Sets a text in lines no wider than `width`; line ends of the text are kept, and at least one line comes back.
pub(super) fn wrap(text: &str, style: Style, width: f32) -> Vec<TextLine> {
    clean::paragraphs(text).iter().flat_map(|text| Paragraph::new(text, style).lines(width)).collect()
}

/// Like [`wrap`], at most `max` lines: a text that goes on ends with an ellipsis (the XML keeps all of it).
pub(super) fn wrap_at_most(text: &str, style: Style, width: f32, max: usize) -> Vec<TextLine> {
    let mut lines = wrap(text, style, width);
    if lines.len() > max {
        lines.truncate(max);
        if let Some(mut last) = lines.pop() {
            let ellipsis = single(" …", style);
            last.runs.extend(ellipsis.runs);
            last.width += ellipsis.width;
            lines.push(last.fitted(width));
        }
    }
    lines
}

/// Sets a text in a single line, however wide.
pub(super) fn single(text: &str, style: Style) -> TextLine {
    let text = clean::paragraphs(text).join(" ");
    let paragraph = Paragraph::new(&text, style);
    let bidi = ParagraphBidiInfo::new(&paragraph.text, None);
    paragraph.line(&bidi, 0..paragraph.text.len())
}

/// A text without line ends, every character of which has a font.
struct Paragraph {
    text: String,
    style: Style,
    /// Where each character starts, and its font.
    fonts: Vec<(usize, FontId)>,
}

impl Paragraph {
    /// Characters no font has become a visible box before anything is measured.
    fn new(source: &str, style: Style) -> Self {
        let mut text = String::with_capacity(source.len());
        let mut fonts: Vec<(usize, FontId)> = Vec::new();
        for c in source.chars() {
            let previous = fonts.last().map(|(_, font)| *font);
            let font = fonts::font_for(c, style.weight, previous);
            fonts.push((text.len(), font.unwrap_or(fonts::LAST_RESORT)));
            text.push(if font.is_some() { c } else { fonts::BOX });
        }
        Self { text, style, fonts }
    }

    fn lines(&self, width: f32) -> Vec<TextLine> {
        let bidi = ParagraphBidiInfo::new(&self.text, None);
        let whole = self.line(&bidi, 0..self.text.len());
        if whole.width <= width {
            return vec![whole];
        }
        let advances = self.cluster_advances(&bidi);
        self.break_lines(&advances, width).into_iter().map(|range| self.line(&bidi, range)).collect()
    }

    /// Width of each cluster (what must not be cut), by the byte it starts at.
    fn cluster_advances(&self, bidi: &ParagraphBidiInfo<'_>) -> BTreeMap<usize, f32> {
        let mut advances = BTreeMap::new();
        for (range, run) in self.shaped_runs(bidi, 0..self.text.len()) {
            for glyph in &run.glyphs {
                let start = range.start + glyph.text_range.start;
                *advances.entry(start).or_insert(0.0) += glyph.x_advance * self.style.size;
            }
        }
        advances
    }

    /// Fills lines greedily: cut after a space or a hyphen, between ideographs, else wherever the line is full.
    fn break_lines(&self, advances: &BTreeMap<usize, f32>, width: f32) -> Vec<Range<usize>> {
        let mut lines = Vec::new();
        let (mut start, mut used, mut since_cut) = (0, 0.0, 0.0);
        let mut cut = None;
        let mut previous = '\0';
        for (&at, &advance) in advances {
            let c = self.char_at(at);
            if at > start && may_break(previous, c) {
                cut = Some(at);
                since_cut = 0.0;
            }
            if c != ' ' && used + advance > width && at > start {
                let end = cut.unwrap_or(at);
                lines.push(start..end);
                used = if cut.is_some() { since_cut } else { 0.0 };
                start = end;
                cut = None;
            }
            used += advance;
            since_cut += advance;
            previous = self.last_char_of_cluster(at, advances);
        }
        lines.push(start..self.text.len());
        lines
    }

    fn char_at(&self, at: usize) -> char {
        self.text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(' ')
    }

    fn last_char_of_cluster(&self, at: usize, advances: &BTreeMap<usize, f32>) -> char {
        let end = advances.range(at + 1..).next().map_or(self.text.len(), |(next, _)| *next);
        self.text.get(at..end).and_then(|cluster| cluster.chars().next_back()).unwrap_or(' ')
    }

    /// One line, without the spaces it ends with.
    fn line(&self, bidi: &ParagraphBidiInfo<'_>, range: Range<usize>) -> TextLine {
        let text = self.text.get(range.clone()).unwrap_or_default();
        let end = range.start + text.trim_end_matches(' ').len();
        let runs: Vec<GlyphRun> =
            self.shaped_runs(bidi, range.start..end).into_iter().map(|(_, run)| run).collect();
        let width = runs.iter().map(GlyphRun::advance).sum::<f32>() * self.style.size;
        TextLine { runs, size: self.style.size, width }
    }

    /// The shaped runs of a part of the paragraph, from left to right, each with the bytes it covers.
    fn shaped_runs(
        &self,
        bidi: &ParagraphBidiInfo<'_>,
        range: Range<usize>,
    ) -> Vec<(Range<usize>, GlyphRun)> {
        if range.is_empty() {
            return Vec::new();
        }
        let (levels, visual) = bidi.visual_runs(range);
        let mut out = Vec::new();
        for level_run in visual {
            let rtl = levels.get(level_run.start).is_some_and(|level| level.is_rtl());
            let mut parts = self.font_runs(level_run);
            if rtl {
                parts.reverse();
            }
            for (part, font) in parts {
                let text = self.text.get(part.clone()).unwrap_or_default();
                out.push((part, shape(text, font, rtl)));
            }
        }
        out
    }

    /// Cuts a range where the font changes.
    fn font_runs(&self, range: Range<usize>) -> Vec<(Range<usize>, FontId)> {
        let mut runs: Vec<(Range<usize>, FontId)> = Vec::new();
        let first = self.fonts.partition_point(|(at, _)| *at < range.start);
        let inside = self.fonts.get(first..).unwrap_or_default();
        for (at, font) in inside.iter().take_while(|(at, _)| *at < range.end) {
            match runs.last_mut() {
                Some((_, last)) if last == font => {}
                Some((run, _)) => {
                    run.end = *at;
                    runs.push((*at..range.end, *font));
                }
                None => runs.push((*at..range.end, *font)),
            }
        }
        runs
    }
}

/// Whether a line may end between two characters.
fn may_break(before: char, after: char) -> bool {
    match (before, after) {
        (_, ' ') => false,
        (' ' | '\u{2000}'..='\u{2006}' | '\u{2008}'..='\u{200a}' | '\u{3000}', _) => true,
        ('-' | '\u{2010}' | '\u{2013}' | '\u{2014}' | '/', after) => after.is_alphabetic(),
        (before, after) => {
            (is_ideographic(before) || is_ideographic(after)) && !is_closing(after) && !is_opening(before)
        }
    }
}

/// Scripts written without spaces between words.
fn is_ideographic(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ffef}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_closing(c: char) -> bool {
    ".,;:!?)]}»”’、。〉》」』】）！，：；？".contains(c)
}

fn is_opening(c: char) -> bool {
    "([{«“‘〈《「『【（".contains(c)
}

/// Shapes a run. A glyph the font turns out not to have (PDF/A forbids showing one) makes the run print as boxes.
fn shape(text: &str, font: FontId, rtl: bool) -> GlyphRun {
    let run = shape_with(text, font, rtl);
    if run.glyphs.iter().all(|glyph| glyph.glyph_id.to_u32() != 0) {
        return run;
    }
    let boxes: String = text.chars().map(|_| fonts::BOX).collect();
    shape_with(&boxes, fonts::LAST_RESORT, false)
}

fn shape_with(text: &str, font: FontId, rtl: bool) -> GlyphRun {
    let glyphs = fonts::face(font).map_or_else(Vec::new, |face| {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(if rtl { Direction::RightToLeft } else { Direction::LeftToRight });
        place(&rustybuzz::shape(face, &[], buffer), text, face.units_per_em() as f32)
    });
    GlyphRun { font, text: text.to_owned(), glyphs }
}

fn place(shaped: &rustybuzz::GlyphBuffer, text: &str, units_per_em: f32) -> Vec<KrillaGlyph> {
    let mut starts: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
    starts.sort_unstable();
    starts.dedup();
    let em = |units: i32| units as f32 / units_per_em;
    let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
    glyphs
        .map(|(info, position)| {
            let start = info.cluster as usize;
            let next = starts.partition_point(|other| *other <= start);
            let end = starts.get(next).copied().unwrap_or(text.len());
            KrillaGlyph::new(
                GlyphId::new(info.glyph_id),
                em(position.x_advance),
                em(position.x_offset),
                em(position.y_offset),
                em(position.y_advance),
                start..end,
                None,
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style::regular(10.0);

    fn texts(lines: &[TextLine]) -> Vec<String> {
        lines.iter().map(|line| line.runs.iter().map(|run| run.text.as_str()).collect()).collect()
    }

    #[test]
    fn lines_fit_and_words_stay_whole() {
        let lines = wrap("un deux trois quatre cinq six sept", STYLE, 60.0);
        assert!(lines.len() > 1 && lines.iter().all(|line| line.width <= 60.0));
        assert!(
            texts(&lines)
                .iter()
                .flat_map(|line| line.split(' '))
                .all(|word| "un deux trois quatre cinq six sept".contains(word))
        );
    }

    #[test]
    fn a_word_wider_than_the_line_is_cut() {
        let lines = wrap(&"m".repeat(300), STYLE, 100.0);
        assert!(lines.iter().all(|line| line.width <= 100.0));
        assert_eq!(texts(&lines).concat().len(), 300);
    }

    #[test]
    fn a_text_cut_short_says_so() {
        let lines = wrap_at_most(&"mot ".repeat(50), STYLE, 100.0, 2);
        assert!(lines.len() == 2 && lines.iter().all(|line| line.width <= 100.0));
        assert!(texts(&lines).concat().ends_with('…'));
    }

    #[test]
    fn a_character_without_a_font_prints_as_a_box() {
        assert_eq!(texts(&[single("a\u{13000}b\u{fffff}", STYLE)]), ["a□b□"]);
    }

    #[test]
    fn right_to_left_words_are_drawn_in_visual_order() {
        let line = single("abc שלום عربي xyz", STYLE);
        let first = line.runs.first().map(|run| run.text.as_str());
        let last = line.runs.last().map(|run| run.text.as_str());
        assert_eq!((first, last), (Some("abc "), Some(" xyz")));
    }

    #[test]
    fn an_empty_text_is_one_empty_line() {
        let lines = wrap("", STYLE, 10.0);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines.iter().map(|line| line.width).sum::<f32>(), 0.0);
    }
}
