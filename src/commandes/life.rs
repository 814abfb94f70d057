//! The life of an order: which status may follow which. Pure, so that every case can be tried.

use super::Statut;

/// Whether an order may go from one status to another. To stay is always allowed.
///
/// An order that is paid never waits for its payment again, one that is not is never marked paid; what is delivered
/// only reopens, what was given up only begins again.
pub fn may_move(from: Statut, to: Statut, paid: bool) -> bool {
    use Statut::{
        Annulee, EnAttente, EnAttenteConsultation, EnAttenteVerification, EnCours, EstimationEnvoyee, Payee,
        Suspendue, Termine,
    };
    match (from, to) {
        (from, to) if from == to => true,
        (Termine, to) => to == EnCours,
        (Annulee, to) => to == if paid { EnCours } else { EnAttente },
        (_, EnAttente | EnAttenteVerification | EnAttenteConsultation | EstimationEnvoyee) => !paid,
        (_, Payee) => paid,
        (_, EnCours | Termine | Annulee | Suspendue) => true,
    }
}

/// Where the payment of an existing order takes it: work begins, or goes on. What is delivered stays so.
pub fn after_payment(from: Statut) -> Statut {
    match from {
        Statut::Termine => Statut::Termine,
        _ => Statut::EnCours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line per status an order leaves, one column per status it would go to, both in the order of
    /// [`Statut::ALL`]: `x` always, `u` while unpaid, `p` once paid.
    const MOVES: [&str; 9] = [
        "xuuupxxxx", // EN_ATTENTE
        "uxuupxxxx", // EN_ATTENTE_VERIFICATION
        "uuxupxxxx", // EN_ATTENTE_CONSULTATION
        "uuuxpxxxx", // ESTIMATION_ENVOYEE
        "uuuuxxxxx", // PAYEE
        "uuuupxxxx", // EN_COURS
        ".....xx..", // TERMINE
        "u....p.x.", // ANNULEE
        "uuuupxxxx", // SUSPENDUE
    ];

    #[test]
    fn every_move_is_allowed_or_refused_as_written() {
        for (from, line) in Statut::ALL.into_iter().zip(MOVES) {
            for (to, rule) in Statut::ALL.into_iter().zip(line.chars()) {
                for paid in [false, true] {
                    let expected = matches!((rule, paid), ('x', _) | ('u', false) | ('p', true));
                    assert_eq!(may_move(from, to, paid), expected, "{from:?} to {to:?}, paid: {paid}");
                }
            }
        }
    }

    #[test]
    fn a_payment_never_takes_an_order_where_it_may_not_go() {
        for from in Statut::ALL {
            let to = after_payment(from);
            assert!(may_move(from, to, true), "{from:?} to {to:?}");
            assert_eq!(to, if from == Statut::Termine { Statut::Termine } else { Statut::EnCours });
        }
    }
}
