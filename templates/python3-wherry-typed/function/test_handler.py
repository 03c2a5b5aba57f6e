from wherry.testing import Invoke


def test_it_works_out_the_total(wherry_invoke: Invoke) -> None:
    answer = wherry_invoke(json={"name": "oar", "price": 19.5, "quantity": 2})
    assert answer.expect().json == {"name": "oar", "total": 39.0}


def test_what_does_not_fit_is_refused(wherry_invoke: Invoke) -> None:
    wherry_invoke(json={"name": "oar", "price": "cheap"}).expect(422)
