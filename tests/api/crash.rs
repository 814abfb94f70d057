//! The server is killed at every step of what must happen once, and started again: it happens once.

mod scene;

use crate::support::sql_proxy::{Fault, Side};
use scene::{Flow, Scene};

const BOTH: [Side; 2] = [Side::Before, Side::After];

#[tokio::test]
async fn a_guest_pays_once_wherever_the_server_is_killed() {
    let mut scene = Scene::open(&[]).await;
    let statements = scene.rehearse(Flow::Guest).await;
    for step in 0..statements.len() {
        for side in BOTH {
            scene.pay_through_a_kill(Flow::Guest, Fault { step, side }).await;
        }
    }
    scene.assert_each_paid_once().await;
}

#[tokio::test]
async fn an_author_pays_an_order_once_wherever_the_server_is_killed() {
    let mut scene = Scene::open(&[]).await;
    let statements = scene.rehearse(Flow::Author).await;
    for step in 0..statements.len() {
        for side in BOTH {
            scene.pay_through_a_kill(Flow::Author, Fault { step, side }).await;
        }
    }
    scene.assert_each_paid_once().await;
}
