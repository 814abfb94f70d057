//! Rows of lists: the columns a `SELECT` names and those its rows are made of, written once.

/// A row read by position: its columns in the order of its fields.
///
/// A column found by its name costs a hash each; a page of a list has hundreds of them.
pub trait Columns {
    /// What the `SELECT` names.
    const LIST: &'static str;
}

/// Declares the row of a list. A field is the column of its name, or the expression after `=`.
///
/// ```ignore
/// columns! {
///     /// An order, with its service.
///     pub struct Row {
///         pub id: Uuid = "c.id",
///         pub tarif: Option<String> = "t.nom",
///     }
/// }
/// let rows: Vec<Row> = Select::of::<Row>("commandes c LEFT JOIN tarifs t ON t.id = c.tarif_id").rows(&mut conn).await?;
/// ```
macro_rules! columns {
    (
        $(#[$doc:meta])*
        $vis:vis struct $name:ident {
            $(#[$first_doc:meta])* $first_vis:vis $first:ident: $first_type:ty $(= $first_sql:literal)?
            $(, $(#[$field_doc:meta])* $field_vis:vis $field:ident: $type:ty $(= $sql:literal)?)* $(,)?
        }
    ) => {
        $(#[$doc])*
        $vis struct $name {
            $(#[$first_doc])* $first_vis $first: $first_type,
            $($(#[$field_doc])* $field_vis $field: $type,)*
        }

        impl $crate::db::columns::Columns for $name {
            const LIST: &'static str = concat!(
                $crate::db::columns::column!($first $($first_sql)?),
                $(", ", $crate::db::columns::column!($field $($sql)?),)*
            );
        }

        impl<'r> sqlx::FromRow<'r, sqlx::mysql::MySqlRow> for $name {
            fn from_row(row: &'r sqlx::mysql::MySqlRow) -> Result<Self, sqlx::Error> {
                let mut at = 0..;
                let mut next = || at.next().unwrap_or_default();
                Ok(Self {
                    $first: sqlx::Row::try_get(row, next())?,
                    $($field: sqlx::Row::try_get(row, next())?,)*
                })
            }
        }
    };
}

/// The SQL of a field of [`columns!`].
macro_rules! column {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $sql:literal) => {
        $sql
    };
}

pub(crate) use {column, columns};

#[cfg(test)]
mod tests {
    use super::Columns;

    columns! {
        #[allow(dead_code, reason = "declared for its list alone")]
        struct Sample {
            id: u32,
            name: String = "t.nom",
        }
    }

    #[test]
    fn columns_stand_in_the_order_of_the_fields() {
        assert_eq!(Sample::LIST, "id, t.nom");
    }
}
