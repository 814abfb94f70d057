//! The mark of the page's head: an open book on a rounded square, drawn so that it is sharp at any size.

use krilla::geom::{Path, PathBuilder};

use super::canvas::{Area, Canvas, Colour};

/// Draws the mark in the square of side `size` whose top left corner is (`x`, `y`).
pub(super) fn draw(
    canvas: &mut Canvas,
    x: f32,
    y: f32,
    size: f32,
    ground: Colour,
    ink: Colour,
    shade: Colour,
) {
    canvas.block(Area { x, y, width: size, height: size }, size * 0.24, ground);
    let at = |u: f32, v: f32| (x + u * size, y + v * size);
    for (path, colour) in [(page(at, false), ink), (page(at, true), shade)] {
        if let Some(path) = path {
            canvas.fill(path, colour);
        }
    }
}

/// One page of the book, in units of the square: the left one, or its mirror image.
fn page(at: impl Fn(f32, f32) -> (f32, f32), mirrored: bool) -> Option<Path> {
    let at = |u: f32, v: f32| at(if mirrored { 1.0 - u } else { u }, v);
    let mut path = PathBuilder::new();
    let curve = |a: (f32, f32), b: (f32, f32), c: (f32, f32), path: &mut PathBuilder| {
        path.cubic_to(a.0, a.1, b.0, b.1, c.0, c.1);
    };
    let start = at(0.48, 0.36);
    path.move_to(start.0, start.1);
    curve(at(0.40, 0.28), at(0.29, 0.26), at(0.18, 0.28), &mut path);
    let foot = at(0.18, 0.70);
    path.line_to(foot.0, foot.1);
    curve(at(0.29, 0.68), at(0.40, 0.70), at(0.48, 0.78), &mut path);
    path.close();
    path.finish()
}
