//! Who plays, and what they say.

use crate::{commandes::Statut, events::BellKind};

/// First name, family name, and what stands before `@demo.invalid`.
pub const PEOPLE: [(&str, &str, &str); 8] = [
    ("Marie", "Lefort", "marie.lefort"),
    ("Thomas", "Garnier", "thomas.garnier"),
    ("Inès", "Belkacem", "ines.belkacem"),
    ("Julien", "Perrin", "julien.perrin"),
    ("Aïcha", "Diallo", "aicha.diallo"),
    ("Hugo", "Marchand", "hugo.marchand"),
    ("Éléonore", "Vasseur", "eleonore.vasseur"),
    ("Paul", "Nguyen", "paul.nguyen"),
];

/// Works to correct, each with a note.
pub const WORKS: [(&str, &str); 10] = [
    ("Le Jardin des absents", "Roman de 280 pages, relecture complète avant l’envoi aux éditeurs."),
    ("Mémoires d’une enfance bretonne", "Récit autobiographique, orthographe et typographie."),
    ("L’Ombre du phare", "Polar, troisième tome d’une série : attention à la cohérence des noms."),
    ("Poèmes du matin", "Recueil de poésie, ponctuation volontairement libre."),
    ("Guide du potager urbain", "Guide pratique avec tableaux et légendes."),
    ("La Dernière Traversée", "Roman historique, vérification des dates et des lieux."),
    ("Thèse : l’eau dans la ville", "Thèse de géographie, bibliographie à uniformiser."),
    ("Contes pour grandir", "Huit contes illustrés pour enfants de 6 à 9 ans."),
    ("Le Temps des cerises noires", "Premier roman, correction approfondie souhaitée."),
    ("Recettes de ma grand-mère", "Livre de cuisine, mise en forme des ingrédients."),
];

/// Prices, in cents.
pub const PRICES: [i64; 6] = [39_900, 49_900, 59_900, 79_900, 99_900, 119_900];

/// Where orders stand, as often as they stand there.
pub const STANDS: [Statut; 8] = [
    Statut::EnCours,
    Statut::EnCours,
    Statut::Termine,
    Statut::Termine,
    Statut::Termine,
    Statut::Payee,
    Statut::EnAttente,
    Statut::Annulee,
];

/// Subjects and texts of messages.
pub const WORDS: [(&str, &str); 6] = [
    (
        "Question sur ma commande",
        "Bonjour, pouvez-vous me dire quand la relecture de mon manuscrit commencera ?",
    ),
    (
        "Délai de livraison",
        "Bonjour, je dois rendre mon texte le mois prochain : le délai annoncé tient-il toujours ?",
    ),
    (
        "Nouvelle version",
        "Bonjour, j’ai modifié deux chapitres depuis mon envoi. Puis-je vous les transmettre ?",
    ),
    ("Merci !", "Votre correction est remarquable, merci pour les remarques en marge."),
    ("Facture", "Bonjour, ma facture peut-elle porter le nom de mon association ?"),
    ("Devis", "Bonjour, combien coûterait la correction d’un recueil de 120 pages ?"),
];

/// What every bell rang once.
pub const FIRST_BELL: (BellKind, &str, &str) = (BellKind::System, "Bienvenue", "Votre espace est prêt.");

/// Kinds, titles and texts of notifications.
pub const BELLS: [(BellKind, &str, &str); 4] = [
    (BellKind::Order, "Votre commande avance", "La correction de votre manuscrit a commencé."),
    (BellKind::Payment, "Paiement reçu", "Nous avons bien reçu votre paiement."),
    (BellKind::Message, "Nouveau message", "L’équipe vous a répondu."),
    (BellKind::Success, "Correction terminée", "Votre document corrigé est disponible."),
];
