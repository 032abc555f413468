//! How much of the stock is left, and how much of it is used.

use saoma::store::Counted;

use crate::support::stock::unfilled;

#[actix_web::test]
async fn a_count_goes_on_where_the_one_before_ended() {
    let (server, _lock) = unfilled(&[]).await;
    let codes = server.make_codes(6).await;
    let (store, opens) = (&server.store, "another mini program");
    store.add_stock(opens, &codes).await.unwrap();
    let all = Counted::default();
    let first = store.count_stock(opens, 9, all).await.unwrap();
    assert_eq!((first.left, first.used), (6, 0));

    store.take_stock("one", opens, 0, 2).await.unwrap();
    let second = store.count_stock(opens, 9, first.counted).await.unwrap();
    assert_eq!((second.left, second.used), (4, 2));

    store.take_stock("two", opens, 0, 1).await.unwrap();
    let third = store.count_stock(opens, 9, second.counted).await.unwrap();
    assert_eq!((third.left, third.used), (3, 1));
    assert!(third.counted.below > second.counted.below);
    let anew = store.count_stock(opens, 9, all).await.unwrap();
    assert_eq!((anew.left, anew.used), (3, 3));

    // Nothing is left: codes that come have higher numbers.
    store.take_stock("two", opens, 0, 9).await.unwrap();
    let fourth = store.count_stock(opens, 9, third.counted).await.unwrap();
    assert_eq!((fourth.left, fourth.used), (0, 3));
    store
        .add_stock(opens, &server.make_codes(1).await)
        .await
        .unwrap();
    let fifth = store.count_stock(opens, 9, fourth.counted).await.unwrap();
    assert_eq!((fifth.left, fifth.used), (1, 0));
}
