use crate::router;

/// Prints the API description.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn run() -> anyhow::Result<()> {
    let (_, description) = router::build(true);
    println!("{}", description.to_pretty_json()?);
    Ok(())
}
