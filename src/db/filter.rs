//! SELECTs that callers filter, order and page: SQL made of constants, values always bound.
//!
//! ```ignore
//! let kept = |select: Select| {
//!     select.and_eq("c.user_id", filter.user_id).and_in("c.statut", filter.statuts).and_words(&["c.titre"], &filter.words)
//! };
//! let rows = kept(Select::of::<Row>("commandes c"))
//!     .order_by(&["c.created_at", "c.id"], Direction::Desc)
//!     .window(limit, offset)
//!     .rows(&mut conn)
//!     .await?;
//! let total = kept(Select::new("SELECT COUNT(*) FROM commandes c")).count(&mut conn).await?;
//! ```
//!
//! Names and fragments are `&'static str`, so that no input can become SQL. An absent filter adds nothing, so that the
//! statement is the one the server has an index for.

use chrono::{DateTime, Days, NaiveDate, Utc};
use sqlx::{
    Decode, Encode, FromRow, MySql, MySqlConnection, QueryBuilder, Type,
    error::BoxDynError,
    mysql::{MySqlRow, MySqlTypeInfo, MySqlValueRef},
};
use uuid::Uuid;

use super::columns::Columns;
use crate::clock::start_of_day_in_paris;

/// A SELECT in the making.
pub struct Select {
    query: QueryBuilder<MySql>,
    filtered: bool,
}

/// Which end of an order comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The smallest.
    Asc,
    /// The largest.
    #[default]
    Desc,
}

impl Select {
    /// Columns, tables and joins, without a WHERE.
    pub fn new(head: &'static str) -> Self {
        Self { query: QueryBuilder::new(head), filtered: false }
    }

    /// The columns of `T` from these tables and joins.
    pub fn of<T: Columns>(from: &'static str) -> Self {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(T::LIST).push(" FROM ").push(from);
        Self { query, filtered: false }
    }

    /// Keeps the rows that meet a condition without values.
    #[must_use]
    pub fn and(mut self, condition: &'static str) -> Self {
        self.begin().push(condition);
        self
    }

    /// Keeps the rows whose column is this.
    #[must_use]
    pub fn and_eq<'v>(self, column: &'static str, value: impl Encode<'v, MySql> + Type<MySql>) -> Self {
        self.and_op(column, " = ", value)
    }

    /// Keeps the rows whose column is this, or all of them when there is nothing to compare with.
    #[must_use]
    pub fn and_eq_some<'v>(
        self,
        column: &'static str,
        value: Option<impl Encode<'v, MySql> + Type<MySql>>,
    ) -> Self {
        match value {
            Some(value) => self.and_eq(column, value),
            None => self,
        }
    }

    /// Keeps the rows whose column is one of these: none, when there are none.
    #[must_use]
    pub fn and_in<'v, T>(mut self, column: &'static str, values: impl IntoIterator<Item = T>) -> Self
    where
        T: Encode<'v, MySql> + Type<MySql>,
    {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return self.and("FALSE");
        }
        let mut list = self.begin().push(column).push(" IN (").separated(", ");
        for value in values {
            list.push_bind(value);
        }
        self.query.push(")");
        self
    }

    /// Keeps the rows whose column is above this.
    #[must_use]
    pub fn and_above<'v>(self, column: &'static str, value: impl Encode<'v, MySql> + Type<MySql>) -> Self {
        self.and_op(column, " > ", value)
    }

    /// Keeps the rows whose column is empty or above this: not expired, not ended.
    #[must_use]
    pub fn and_null_or_above<'v>(
        mut self,
        column: &'static str,
        value: impl Encode<'v, MySql> + Type<MySql>,
    ) -> Self {
        self.begin().push(format_args!("({column} IS NULL OR {column} > ")).push_bind(value).push(")");
        self
    }

    /// Keeps the rows in which each word stands in one of the columns, in any of them.
    #[must_use]
    pub fn and_words(mut self, columns: &[&'static str], words: &[String]) -> Self {
        for word in words {
            let pattern = containing(word);
            let mut either = self.begin().push("(").separated(" OR ");
            for column in columns {
                either.push(column).push_unseparated(" LIKE ").push_bind_unseparated(pattern.clone());
            }
            self.query.push(")");
        }
        self
    }

    /// Keeps the rows of these days in Europe/Paris, the first and the last included; `column` holds UTC instants.
    #[must_use]
    pub fn and_days(self, column: &'static str, first: Option<NaiveDate>, last: Option<NaiveDate>) -> Self {
        let after_last = last.and_then(|day| day.checked_add_days(Days::new(1)));
        let select = match first {
            Some(day) => self.and_op(column, " >= ", start_of_day_in_paris(day)),
            None => self,
        };
        match after_last {
            Some(day) => select.and_op(column, " < ", start_of_day_in_paris(day)),
            None => select,
        }
    }

    /// Keeps the rows that come before this one, in the order of an instant and an id, as one range of an index over both.
    #[must_use]
    pub fn and_before(mut self, columns: [&'static str; 2], at: DateTime<Utc>, id: Uuid) -> Self {
        let [instant, unique] = columns;
        let query = self.begin();
        query.push(format_args!("({instant} < ")).push_bind(at);
        query.push(format_args!(" OR ({instant} = ")).push_bind(at);
        query.push(format_args!(" AND {unique} < ")).push_bind(id).push("))");
        self
    }

    /// Orders by these columns, all in one direction, so that an index over them serves both ways. The last one must be
    /// unique: pages neither repeat nor lose a row.
    #[must_use]
    pub fn order_by(mut self, columns: &[&'static str], direction: Direction) -> Self {
        let direction = match direction {
            Direction::Asc => "ASC",
            Direction::Desc => "DESC",
        };
        let mut list = self.query.push(" ORDER BY ").separated(", ");
        for column in columns {
            list.push(format_args!("{column} {direction}"));
        }
        self
    }

    /// One row for each value of a column.
    #[must_use]
    pub fn group_by(mut self, column: &'static str) -> Self {
        self.query.push(" GROUP BY ").push(column);
        self
    }

    /// Orders as it says, where the columns go in different directions. The last one must be unique.
    #[must_use]
    pub fn order_as(mut self, order: &'static str) -> Self {
        self.query.push(" ORDER BY ").push(order);
        self
    }

    /// Takes `limit` rows after the first `offset`.
    #[must_use]
    pub fn window(mut self, limit: u32, offset: u64) -> Self {
        self.query.push(" LIMIT ").push_bind(limit).push(" OFFSET ").push_bind(offset);
        self
    }

    /// Reads the rows.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn rows<T>(mut self, conn: &mut MySqlConnection) -> Result<Vec<T>, sqlx::Error>
    where
        T: for<'r> FromRow<'r, MySqlRow> + Send + Unpin,
    {
        self.query.build_query_as().fetch_all(conn).await
    }

    /// Reads the number a `SELECT COUNT(*)` gives.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn count(mut self, conn: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
        let count: i64 = self.query.build_query_scalar().fetch_one(conn).await?;
        Ok(count.unsigned_abs())
    }

    fn and_op<'v>(
        mut self,
        column: &'static str,
        operator: &'static str,
        value: impl Encode<'v, MySql> + Type<MySql>,
    ) -> Self {
        self.begin().push(column).push(operator).push_bind(value);
        self
    }

    /// Begins one more condition.
    fn begin(&mut self) -> &mut QueryBuilder<MySql> {
        let filtered = std::mem::replace(&mut self.filtered, true);
        self.query.push(if filtered { " AND " } else { " WHERE " })
    }
}

/// The LIKE pattern of a text that contains `word`, whose own wildcards stand for themselves.
fn containing(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// An ENUM column in the rows of a [`Select`]: the type of such a column differs with its nullability and default, and
/// only checked queries look past that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enum<T>(pub T);

impl<T: Type<MySql>> Type<MySql> for Enum<T> {
    fn type_info() -> MySqlTypeInfo {
        T::type_info()
    }

    fn compatible(column: &MySqlTypeInfo) -> bool {
        <str as Type<MySql>>::compatible(column)
    }
}

impl<'r, T: Decode<'r, MySql>> Decode<'r, MySql> for Enum<T> {
    fn decode(value: MySqlValueRef<'r>) -> Result<Self, BoxDynError> {
        T::decode(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        text.parse().ok()
    }

    #[test]
    fn conditions_join_and_absent_ones_add_nothing() {
        let select = Select::new("SELECT 1 FROM t")
            .and_eq_some("a", None::<u32>)
            .and_eq("b", 1)
            .and_in("c", [1, 2])
            .and_words(&["d", "e"], &["été".to_owned(), "50%".to_owned()])
            .and_days("f", day("2026-03-29"), None)
            .order_by(&["f", "id"], Direction::Desc)
            .window(11, 20);
        assert_eq!(
            select.query.sql().as_str(),
            "SELECT 1 FROM t WHERE b = ? AND c IN (?, ?) AND (d LIKE ? OR e LIKE ?) AND (d LIKE ? OR e LIKE ?) \
             AND f >= ? ORDER BY f DESC, id DESC LIMIT ? OFFSET ?"
        );
    }

    #[test]
    fn what_comes_before_is_one_range() {
        let select =
            Select::new("SELECT 1 FROM t").and_before(["a", "id"], DateTime::UNIX_EPOCH, Uuid::nil());
        assert_eq!(select.query.sql().as_str(), "SELECT 1 FROM t WHERE (a < ? OR (a = ? AND id < ?))");
    }

    #[test]
    fn one_of_none_keeps_nothing() {
        let select = Select::new("SELECT 1 FROM t").and_in("c", None::<u32>);
        assert_eq!(select.query.sql().as_str(), "SELECT 1 FROM t WHERE FALSE");
    }

    #[test]
    fn wildcards_of_a_word_stand_for_themselves() {
        assert_eq!(containing(r"50%_\"), r"%50\%\_\\%");
    }
}
