//! Why an upload was refused, and what the person reads.

use axum::http::StatusCode;

use super::guard::ScanError;
use super::storage::StorageError;
use crate::http::ApiError;

const MEBIBYTE: u64 = 1024 * 1024;

/// Why a multipart form was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// A file is longer than the route allows.
    #[error("a file is larger than {limit} bytes")]
    TooLarge {
        /// The file, as the person named it.
        filename: String,
        /// The most bytes allowed.
        limit: u64,
    },
    /// More files than the route takes.
    #[error("more than {max} files")]
    TooManyFiles {
        /// The most files allowed.
        max: usize,
    },
    /// A file in a field that takes none.
    #[error("a file in an unexpected field")]
    UnexpectedField {
        /// The field's name.
        field: String,
    },
    /// The format is not taken, or the content is not what the name or the declared type say.
    #[error("unsupported file type")]
    UnsupportedType {
        /// The file, as the person named it.
        filename: String,
        /// The extensions that are taken, as people write them.
        accepted: String,
    },
    /// A file without content.
    #[error("empty file")]
    EmptyFile {
        /// The file, as the person named it.
        filename: String,
    },
    /// The route needs a file and none came.
    #[error("no file")]
    MissingFile,
    /// A text field is too long.
    #[error("a text field is too long")]
    TextTooLong {
        /// The field's name.
        field: String,
    },
    /// Too many text fields.
    #[error("too many text fields")]
    TooManyFields,
    /// The form is longer than all it may carry.
    #[error("a form of more than {limit} bytes")]
    FormTooLarge {
        /// The most bytes allowed.
        limit: u64,
    },
    /// Not a multipart form.
    #[error("not a multipart form")]
    NoForm,
    /// Not a readable multipart form, or cut off on the way.
    #[error("malformed multipart form")]
    Malformed(#[source] Option<multer::Error>),
    /// The client stopped sending.
    #[error("the upload stalled")]
    Stalled,
    /// The files could not be kept.
    #[error("the files could not be stored")]
    Storage(#[from] StorageError),
    /// A virus was found.
    #[error("a file is infected")]
    Infected {
        /// The file, as the person named it.
        filename: String,
    },
    /// The files could not be looked into.
    #[error("the files could not be scanned")]
    Scan(#[from] ScanError),
    /// What was found could not be written down.
    #[error("the audit log could not be written")]
    Unnoted(#[from] sqlx::Error),
}

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::TooLarge { filename, limit } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "FILE_TOO_LARGE",
                format!("Le fichier « {filename} » dépasse la taille maximale de {}.", size(limit)),
            ),
            UploadError::TooManyFiles { max } => Self::bad_request("TOO_MANY_FILES", too_many(max)),
            UploadError::UnexpectedField { field } => Self::bad_request(
                "UNEXPECTED_FIELD",
                format!("Le champ « {field} » n'accepte pas de fichier."),
            ),
            UploadError::UnsupportedType { filename, accepted } => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_FILE_TYPE",
                format!(
                    "Le fichier « {filename} » n'est pas d'un format accepté, ou son contenu ne correspond pas à son nom. Formats acceptés\u{a0}: {accepted}."
                ),
            ),
            UploadError::EmptyFile { filename } => {
                Self::bad_request("EMPTY_FILE", format!("Le fichier « {filename} » est vide."))
            }
            UploadError::MissingFile => Self::bad_request("FILE_REQUIRED", "Aucun fichier n'a été envoyé."),
            UploadError::TextTooLong { field } => {
                Self::payload_too_large(format!("Le champ « {field} » est trop long."))
            }
            UploadError::FormTooLarge { limit } => {
                Self::payload_too_large(format!("L'envoi dépasse la taille maximale de {}.", size(limit)))
            }
            UploadError::NoForm => {
                Self::unsupported_media("Le corps de la requête doit être un formulaire multipart.")
            }
            UploadError::TooManyFields => {
                Self::bad_request("TOO_MANY_FIELDS", "Le formulaire contient trop de champs.")
            }
            UploadError::Malformed(cause) => {
                let message = "Le formulaire reçu est incomplet ou illisible. Merci de réessayer.";
                let error = Self::bad_request("INVALID_MULTIPART", message);
                match cause {
                    Some(cause) => error.caused_by(cause),
                    None => error,
                }
            }
            UploadError::Stalled => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                "UPLOAD_STALLED",
                "L'envoi s'est interrompu. Merci de vérifier votre connexion et de réessayer.",
            ),
            UploadError::Storage(error) => error.into(),
            UploadError::Infected { filename } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "FILE_INFECTED",
                format!(
                    "Le fichier « {filename} » contient un virus. Il a été refusé, rien n’en a été conservé."
                ),
            ),
            UploadError::Scan(error) => unscanned().caused_by(error),
            UploadError::Unnoted(error) => error.into(),
        }
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Full(_) | StorageError::Away(_) => Self::storage_full().caused_by(error),
            StorageError::NotFound | StorageError::InvalidKey => {
                Self::not_found("Ce fichier n'existe plus.").caused_by(error)
            }
            StorageError::TooLarge { limit } => {
                Self::payload_too_large(format!("Ce contenu dépasse la taille maximale de {}.", size(limit)))
            }
            StorageError::Source(_) | StorageError::Io(_) => Self::internal(error),
        }
    }
}

/// Seconds a client is asked to wait for the scanner.
const SCANNER_RETRY_SECONDS: u64 = 30;

fn unscanned() -> ApiError {
    let message =
        "L’analyse antivirus des fichiers est momentanément indisponible. Merci de réessayer plus tard.";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "SCANNER_UNAVAILABLE", message)
        .retry_after(SCANNER_RETRY_SECONDS)
}

fn too_many(max: usize) -> String {
    match max {
        0 | 1 => "Un seul fichier peut être envoyé à la fois.".to_owned(),
        _ => format!("Vous pouvez envoyer {max} fichiers au maximum."),
    }
}

/// A limit as people say it.
fn size(bytes: u64) -> String {
    match bytes {
        0..MEBIBYTE => format!("{} Ko", bytes / 1024),
        _ => format!("{} Mo", bytes / MEBIBYTE),
    }
}
