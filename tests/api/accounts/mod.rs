//! Opening an account, logging in, resetting a password, activating a guest's account: over real HTTP, on a real
//! database, at a time of our choosing.

mod activation;
mod bench;
mod login;
mod register;
mod resets;
mod roles;
mod sessions;
