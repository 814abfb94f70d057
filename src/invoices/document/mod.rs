//! From a typed invoice to its Factur-X XML and its PDF/A-3b bytes.
//!
//! Pure: no database, no clock, no configuration. The same [`InvoiceDocument`] always gives the same bytes,
//! so that an issued invoice can be rendered again years later from its snapshot.
//!
//! | file | what it holds |
//! |---|---|
//! | `model` | the invoice, its parties, its lines (what the database keeps as JSON) |
//! | `xml`, `xml_writer` | Factur-X, profile EN 16931 |
//! | `clean` | what text may go in an XML file or on a page |
//! | `fonts`, `text` | font fallback, shaping, line breaking |
//! | `canvas` | pages as lists of drawings, turned into PDF pages |
//! | `layout`, `pages`, `parties`, `table`, `closing` | where things stand on the page |
//! | `pdf`, `xmp` | the PDF/A-3b file around them |

mod canvas;
mod clean;
mod closing;
mod fonts;
mod layout;
mod logo;
mod model;
mod pages;
mod parties;
mod pdf;
mod table;
mod text;
mod xml;
mod xml_writer;
mod xmp;

pub use crate::config::Seller;
pub use model::{Address, Buyer, InvoiceDocument, Kind, Line, PaymentInfo, PaymentMethod, Regime, Unit, Vat};
pub use pdf::{RenderError, render};
pub use xml::xml;
