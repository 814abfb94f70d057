//! What is not as it was sealed.

use std::fmt;

/// Something that somebody did to the tables. `seal` and `seq` are the numbers of a seal and of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "numbers, said above")]
pub enum Finding {
    /// A row is not what it was.
    RowChanged { seal: u64, seq: u64 },
    /// A row is gone.
    RowMissing { seal: u64, seq: u64 },
    /// A row was added to a sealed range.
    RowAdded { seal: u64, seq: u64 },
    /// A row was written into the past.
    RowBackdated { seq: u64 },
    /// The rows of a seal are not what they were; which of them, the seal no longer tells.
    RowsChanged { seal: u64 },
    /// The digests by row of a seal were changed; its rows are right.
    DigestsChanged { seal: u64 },
    /// A seal is not what it was.
    SealChanged { seal: u64 },
    /// A seal does not follow the one before.
    ChainBroken { seal: u64 },
    /// Seals are gone.
    SealsMissing { first: u64, last: u64 },
    /// The rows of a seal are gone, or going, and no recorded cleanup says so.
    PurgeUnrecorded { seal: u64 },
    /// Rows name a seal whose rows are gone.
    RowsOfPurged { seal: u64 },
    /// Rows name a seal there is not.
    RowsOfNoSeal { seal: u64 },
    /// A seal that was noted elsewhere is not there, or another.
    AnchorLost { seal: u64 },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowChanged { seal, seq } => write!(f, "row {seq} of seal {seal} was changed"),
            Self::RowMissing { seal, seq } => write!(f, "row {seq} of seal {seal} was removed"),
            Self::RowAdded { seal, seq } => write!(f, "row {seq} was added to seal {seal}"),
            Self::RowBackdated { seq } => write!(f, "row {seq} was added to a time that was already sealed"),
            Self::RowsChanged { seal } => write!(f, "rows of seal {seal} were changed, removed or added"),
            Self::DigestsChanged { seal } => write!(f, "the digests of seal {seal} were changed"),
            Self::SealChanged { seal } => write!(f, "seal {seal} was changed"),
            Self::ChainBroken { seal } => write!(f, "seal {seal} does not follow the seal before it"),
            Self::SealsMissing { first, last } if first == last => write!(f, "seal {first} was removed"),
            Self::SealsMissing { first, last } => write!(f, "seals {first} to {last} were removed"),
            Self::PurgeUnrecorded { seal } => {
                write!(f, "the rows of seal {seal} are marked as cleaned up, and no recorded cleanup says so")
            }
            Self::RowsOfPurged { seal } => write!(f, "rows were added to seal {seal}, which was cleaned up"),
            Self::RowsOfNoSeal { seal } => write!(f, "rows name seal {seal}, which does not exist"),
            Self::AnchorLost { seal } => write!(f, "seal {seal} is not the one that was noted"),
        }
    }
}
