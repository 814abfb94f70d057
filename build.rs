//! A new migration file must rebuild the crate that embeds it: the macro itself only notices changes of known files.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
