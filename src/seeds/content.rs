//! The words of the initial content.

use super::SeedTarif;
use crate::tarifs::Unite;

/// The price list of a new platform.
pub const TARIFS: &[SeedTarif] = &[
    SeedTarif {
        nom: "Pack KDP Autoédition",
        description: "Tout pour publier sur Amazon KDP : correction légère, mise en page intérieure et couverture prêtes à déposer.",
        prix: 35_000,
        unite: Unite::Forfait,
        type_service: "Pack",
        duree: "15-20 jours",
    },
    SeedTarif {
        nom: "Correction Standard",
        description: "Correction orthographique, grammaticale et typographique de votre manuscrit. Les dix premières pages sont offertes.",
        prix: 200,
        unite: Unite::Page,
        type_service: "Correction",
        duree: "7-10 jours",
    },
    SeedTarif {
        nom: "Pack Rédaction Complète",
        description: "De l’idée au livre : un rédacteur vous accompagne, chapitre après chapitre, jusqu’au manuscrit corrigé.",
        prix: 145_000,
        unite: Unite::Forfait,
        type_service: "Rédaction",
        duree: "30-45 jours",
    },
];

/// A question and its answer.
pub struct SeedFaq {
    pub question: &'static str,
    pub answer: &'static str,
    pub categorie: &'static str,
}

/// Frequent questions.
pub const FAQ: &[SeedFaq] = &[
    SeedFaq {
        question: "Quels types de textes corrigez-vous ?",
        answer: "Romans, nouvelles, essais, mémoires, thèses, poésie, guides pratiques : tout manuscrit en français.",
        categorie: "Général",
    },
    SeedFaq {
        question: "Combien de temps dure une correction ?",
        answer: "Sept à dix jours pour un manuscrit de longueur moyenne ; le délai est confirmé dès réception de vos fichiers.",
        categorie: "Délais",
    },
    SeedFaq {
        question: "Comment le prix est-il calculé ?",
        answer: "Au forfait pour les packs ; à la page pour la correction, les dix premières pages étant offertes.",
        categorie: "Tarifs",
    },
    SeedFaq {
        question: "Le paiement est-il sécurisé ?",
        answer: "Oui : il se fait par carte sur la page de notre prestataire Stripe. Nous ne voyons jamais votre numéro de carte.",
        categorie: "Paiement",
    },
    SeedFaq {
        question: "Puis-je recevoir un échantillon gratuit ?",
        answer: "Oui, envoyez-nous un extrait depuis la page d’accueil : nous vous le retournons corrigé sous 48 heures.",
        categorie: "Échantillon",
    },
    SeedFaq {
        question: "Comment suivre ma commande ?",
        answer: "Depuis votre espace : l’avancement, les documents, les messages et les factures y sont réunis.",
        categorie: "Suivi",
    },
    SeedFaq {
        question: "Quelle est la différence entre les packs ?",
        answer: "Le pack KDP prépare la publication ; la correction soigne le texte ; le pack Rédaction l’écrit avec vous.",
        categorie: "Packs",
    },
];

/// A page of the public site.
pub struct SeedPage {
    pub title: &'static str,
    pub slug: &'static str,
    pub content: &'static str,
}

const CONFIDENTIALITE: &str = "1. Données traitées\n\nVotre identité, vos coordonnées, vos commandes et les documents que vous nous confiez.\n\n2. Finalités\n\nExécuter vos commandes, les facturer et échanger avec vous.\n\n3. Vos droits\n\nAccès, rectification, effacement et portabilité, depuis votre espace ou par message.";

const CONDITIONS: &str = "1. Objet\n\nLes présentes conditions régissent les prestations de correction commandées sur ce site.\n\n2. Prix et paiement\n\nLes prix sont en euros, toutes taxes comprises, payables à la commande.\n\n3. Droit de rétractation\n\nIl s’exerce dans les conditions du code de la consommation.";

/// The legal pages, to be completed by the company.
pub const PAGES: &[SeedPage] = &[
    SeedPage {
        title: "Mentions légales",
        slug: "mentions-legales",
        content: "Éditeur du site :\n\nStaka Livres, plateforme de correction de manuscrits.\n\nCes mentions sont à compléter par l’éditeur : forme sociale, siège, SIREN, directeur de la publication et hébergeur.",
    },
    SeedPage {
        title: "Politique de confidentialité",
        slug: "politique-confidentialite",
        content: CONFIDENTIALITE,
    },
    SeedPage { title: "Conditions générales de vente", slug: "cgv", content: CONDITIONS },
    SeedPage {
        title: "RGPD",
        slug: "rgpd",
        content: "Vos droits :\n\nVous pouvez exporter vos données et supprimer votre compte à tout moment depuis vos paramètres.\n\nLes factures sont conservées dix ans, comme la loi l’exige.",
    },
];
