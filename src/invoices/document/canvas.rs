//! Pages as lists of drawings: layout comes first, so that every page knows how many there are.
//!
//! Lengths are points, the origin is the top left corner.

use krilla::color::rgb;
use krilla::geom::{Path, PathBuilder, Point};
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;

use super::fonts::PdfFonts;
use super::text::{Style, TextLine, single};

/// A colour of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    fn fill(self) -> Fill {
        Fill { paint: self.rgb().into(), opacity: NormalizedF32::ONE, rule: Default::default() }
    }

    fn rgb(self) -> rgb::Color {
        rgb::Color::new(self.0, self.1, self.2)
    }
}

enum Drawing {
    Text { x: f32, baseline: f32, line: TextLine, colour: Colour },
    Fill { path: Path, colour: Colour },
    Outline { path: Path, colour: Colour, width: f32 },
}

/// One page being composed.
#[derive(Default)]
pub(super) struct Canvas {
    drawings: Vec<Drawing>,
}

impl Canvas {
    /// A set line, its left end at `x`.
    pub(super) fn line(&mut self, line: TextLine, x: f32, baseline: f32, colour: Colour) {
        self.drawings.push(Drawing::Text { x, baseline, line, colour });
    }

    /// A short text, its left end at `x`.
    pub(super) fn text(&mut self, text: &str, style: Style, x: f32, baseline: f32, colour: Colour) {
        self.line(single(text, style), x, baseline, colour);
    }

    /// A short text, its right end at `right`, set smaller if it is wider than `width`.
    pub(super) fn figure(
        &mut self,
        text: &str,
        style: Style,
        right: f32,
        width: f32,
        baseline: f32,
        colour: Colour,
    ) {
        let line = single(text, style).fitted(width);
        let x = right - line.width;
        self.line(line, x, baseline, colour);
    }

    /// A filled rectangle with corners of radius `radius`.
    pub(super) fn block(&mut self, at: Area, radius: f32, colour: Colour) {
        if let Some(path) = rounded(at, radius) {
            self.fill(path, colour);
        }
    }

    /// The outline of a rectangle with corners of radius `radius`.
    pub(super) fn frame(&mut self, at: Area, radius: f32, colour: Colour, width: f32) {
        if let Some(path) = rounded(at, radius) {
            self.drawings.push(Drawing::Outline { path, colour, width });
        }
    }

    /// A horizontal rule.
    pub(super) fn rule(&mut self, left: f32, right: f32, y: f32, colour: Colour) {
        self.block(Area { x: left, y, width: right - left, height: 0.6 }, 0.0, colour);
    }

    /// A filled shape.
    pub(super) fn fill(&mut self, path: Path, colour: Colour) {
        self.drawings.push(Drawing::Fill { path, colour });
    }

    /// Draws the page.
    pub(super) fn paint(self, surface: &mut Surface<'_>, fonts: &mut PdfFonts) {
        for drawing in self.drawings {
            match drawing {
                Drawing::Text { x, baseline, line, colour } => {
                    surface.set_stroke(None);
                    surface.set_fill(Some(colour.fill()));
                    paint_line(surface, fonts, &line, x, baseline);
                }
                Drawing::Fill { path, colour } => {
                    surface.set_stroke(None);
                    surface.set_fill(Some(colour.fill()));
                    surface.draw_path(&path);
                }
                Drawing::Outline { path, colour, width } => {
                    surface.set_fill(None);
                    surface.set_stroke(Some(Stroke {
                        paint: colour.rgb().into(),
                        width,
                        ..Stroke::default()
                    }));
                    surface.draw_path(&path);
                }
            }
        }
    }
}

fn paint_line(surface: &mut Surface<'_>, fonts: &mut PdfFonts, line: &TextLine, x: f32, baseline: f32) {
    let mut x = x;
    for run in &line.runs {
        if let Some(font) = fonts.get(run.font) {
            surface.draw_glyphs(Point::from_xy(x, baseline), &run.glyphs, font, &run.text, line.size, false);
        }
        x += run.advance() * line.size;
    }
}

/// A rectangle of the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

/// How far a Bézier handle stands from a corner's end to draw a quarter circle, as a share of the radius.
const ARC: f32 = 0.447_715;

fn rounded(at: Area, radius: f32) -> Option<Path> {
    let (left, top, right, bottom) = (at.x, at.y, at.x + at.width, at.y + at.height);
    let (r, h) = (radius, radius * ARC);
    let mut path = PathBuilder::new();
    path.move_to(left + r, top);
    path.line_to(right - r, top);
    if r > 0.0 {
        path.cubic_to(right - h, top, right, top + h, right, top + r);
    }
    path.line_to(right, bottom - r);
    if r > 0.0 {
        path.cubic_to(right, bottom - h, right - h, bottom, right - r, bottom);
    }
    path.line_to(left + r, bottom);
    if r > 0.0 {
        path.cubic_to(left + h, bottom, left, bottom - h, left, bottom - r);
    }
    path.line_to(left, top + r);
    if r > 0.0 {
        path.cubic_to(left, top + h, left + h, top, left + r, top);
    }
    path.close();
    path.finish()
}
