//! Forms of the public site: contact, free sample, newsletter.

mod contact;
mod newsletter;
mod sample;
