//! The price list.
