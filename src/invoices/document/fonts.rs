//! The embedded fonts, and which one draws which character.

use std::sync::LazyLock;

use krilla::text::Font;
use rustybuzz::Face;

/// How heavy a text is; fallback fonts only have a regular weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// One of the embedded fonts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FontId(usize);

const FILES: [&[u8]; 9] = [
    include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSans-Bold.ttf"),
    include_bytes!("../../../assets/fonts/NotoEmoji-Regular.ttf"),
    include_bytes!("../../../assets/fonts/DejaVuSans.ttf"),
    include_bytes!("../../../assets/fonts/DroidSansFallback.ttf"),
    include_bytes!("../../../assets/fonts/NotoSansDevanagari-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSansBengali-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSansTamil-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSansThai-Regular.ttf"),
];
const REGULAR: FontId = FontId(0);
const BOLD: FontId = FontId(1);
const FALLBACKS: std::ops::Range<usize> = 2..FILES.len();
/// The font that has [`BOX`].
pub(super) const LAST_RESORT: FontId = FontId(3);
/// Printed for a character no font has: a visible empty box.
pub(super) const BOX: char = '□';

static FACES: LazyLock<Vec<Option<Face<'static>>>> =
    LazyLock::new(|| FILES.iter().map(|data| Face::from_slice(data, 0)).collect());

/// The shaping face of a font; `None` only if the embedded file were unreadable.
pub(super) fn face(font: FontId) -> Option<&'static Face<'static>> {
    FACES.get(font.0)?.as_ref()
}

/// The first font of the chain that has a glyph for `c`. A mark follows its letter's font when it can.
pub(super) fn font_for(c: char, weight: Weight, previous: Option<FontId>) -> Option<FontId> {
    let main = match weight {
        Weight::Regular => REGULAR,
        Weight::Bold => BOLD,
    };
    let sticky =
        previous.filter(|_| super::clean::is_stacking_mark(c) || matches!(c, '\u{200c}' | '\u{200d}'));
    let chain = sticky.into_iter().chain([main]).chain(FALLBACKS.map(FontId));
    chain.into_iter().find(|font| has_glyph(*font, c))
}

fn has_glyph(font: FontId, c: char) -> bool {
    face(font).and_then(|face| face.glyph_index(c)).is_some_and(|glyph| glyph.0 != 0)
}

/// The fonts of one PDF file, loaded when first used.
pub(super) struct PdfFonts([Option<Font>; FILES.len()]);

impl PdfFonts {
    pub(super) fn new() -> Self {
        Self(Default::default())
    }

    /// The font ready to draw with; `None` only if the embedded file were unreadable.
    pub(super) fn get(&mut self, font: FontId) -> Option<Font> {
        let slot = self.0.get_mut(font.0)?;
        if slot.is_none() {
            let data: &'static [u8] = FILES.get(font.0)?;
            *slot = Font::new(data.into(), 0);
        }
        slot.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_font_is_readable() {
        let mut fonts = PdfFonts::new();
        for id in (0..FILES.len()).map(FontId) {
            assert!(face(id).is_some() && fonts.get(id).is_some());
        }
        assert!(has_glyph(LAST_RESORT, BOX));
    }

    #[test]
    fn each_script_finds_its_font() {
        for c in "éœﬁ€ŁжλאبԱა中あ한अঅஅก😀🫠→✓\u{202f}\u{a0}".chars() {
            assert!(font_for(c, Weight::Bold, None).is_some(), "{c:?}");
        }
        assert_eq!(font_for('\u{13000}', Weight::Regular, None), None);
    }
}
