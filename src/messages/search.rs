//! Finding messages by their words.

use super::{
    access::Side,
    reading::Shown,
    store::{
        attachments,
        search::{clients_of, count_in_all, in_all, in_those_of},
        threads::{MessageRow, Seen},
    },
};
use crate::{
    app::AppState,
    auth::{Role, SessionUser},
    http::{
        ApiError, ApiResult, Page,
        list::{Listing, Place, Words},
    },
};

/// Letters a word must have to be looked for: shorter ones are in no index.
const SHORTEST: usize = 3;

/// Words that the full-text indexes of both servers leave out.
const TOO_COMMON: [&str; 18] = [
    "about", "are", "com", "for", "from", "how", "that", "the", "this", "was", "what", "when", "where",
    "who", "will", "with", "und", "www",
];

/// A page of what was found.
pub(super) struct Found {
    pub shown: Shown,
    pub place: Place,
}

/// The messages that the caller may read in which every word stands, most relevant first.
///
/// # Errors
/// 400 when there is no word to look for.
pub(super) async fn search(
    state: &AppState,
    user: &SessionUser,
    words: &Words,
    page: Page,
) -> ApiResult<Found> {
    let words = usable(words);
    if words.is_empty() {
        return Err(ApiError::invalid_field("q", "Cherchez un mot d’au moins trois lettres."));
    }
    let listing = match user.role {
        Role::Admin => in_inbox(state, &words, page).await?,
        Role::User | Role::Corrector => in_own(state, user, &words, page).await?,
    };
    let mut documents = Vec::new();
    let mut conn = state.db.conn().await?;
    for (row, _) in listing.rows.iter().filter(|(row, _)| row.has_files) {
        documents.extend(attachments::of(&mut conn, row.id).await?);
    }
    Ok(Found { shown: Shown { rows: listing.rows, attachments: documents }, place: listing.place })
}

/// Letters and digits, as the indexes split a text.
fn usable(words: &Words) -> Vec<String> {
    let parts = words.iter().flat_map(|word| word.split(|c: char| !c.is_alphanumeric() && c != '_'));
    let long = parts.filter(|part| part.chars().count() >= SHORTEST).map(str::to_lowercase);
    long.filter(|part| !TOO_COMMON.contains(&part.as_str())).collect()
}

async fn in_inbox(state: &AppState, words: &[String], page: Page) -> ApiResult<Listing<(MessageRow, Side)>> {
    let expression = words.iter().map(|word| format!("+{word}*")).collect::<Vec<_>>().join(" ");
    let mut conn = state.db.conn().await?;
    let rows = in_all(&mut conn, &expression, page).await?;
    let count = count_in_all(&mut conn, &expression);
    let listing = state.totals.listing("messages-search", &expression, page, rows, count).await?;
    conn.release();
    Ok(listing.map(|row| (row, Side::Team)))
}

/// The caller's conversations have few messages: they are read, and weighed here.
async fn in_own(
    state: &AppState,
    user: &SessionUser,
    words: &[String],
    page: Page,
) -> ApiResult<Listing<(MessageRow, Side)>> {
    let mut conn = state.db.conn().await?;
    let mut rows =
        weighed(in_those_of(&mut conn, vec![user.id], Seen::Client, words).await?, Side::Client, words);
    if user.role == Role::Corrector {
        let mut clients = clients_of(&mut conn, user.id).await?;
        clients.retain(|client| *client != user.id);
        let found = in_those_of(&mut conn, clients, Seen::All, words).await?;
        rows.extend(weighed(found, Side::Corrector, words));
    }
    conn.release();
    rows.sort_by_key(|(weight, row, _)| std::cmp::Reverse((*weight, row.created_at, row.id)));
    let total = rows.len() as u64;
    let skipped = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let rows = rows.into_iter().skip(skipped).take(page.limit as usize).map(|(_, row, side)| (row, side));
    Ok(Listing { rows: rows.collect(), place: Place { page, total } })
}

fn weighed(rows: Vec<MessageRow>, side: Side, words: &[String]) -> Vec<(usize, MessageRow, Side)> {
    rows.into_iter().map(|row| (weight(&row, words), row, side)).collect()
}

/// How often the words stand there; thrice as much in the subject.
fn weight(row: &MessageRow, words: &[String]) -> usize {
    let (subject, content) =
        (row.subject.as_deref().unwrap_or_default().to_lowercase(), row.content.to_lowercase());
    words
        .iter()
        .map(|word| 3 * subject.matches(word.as_str()).count() + content.matches(word.as_str()).count())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_made_of_words_the_indexes_have() {
        let words = |text: &str| usable(&Words::read("q", Some(text)).unwrap());
        assert_eq!(words("L’été d'Élise, +rien* -(au) \"the end\""), ["été", "élise", "rien", "end"]);
        assert!(words("à la www ++ * \"\" %").is_empty());
    }
}
