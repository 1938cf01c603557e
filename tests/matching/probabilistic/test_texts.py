import numpy as np

from matching.probabilistic import texts


def test_cleaning_keeps_words_of_any_script():
    side = texts.clean(["Café  L&#252;dscher, GmbH!", None, "", "日本語 Τεστ", "---"])

    assert side.texts == ["cafe ludscher gmbh", "", "", "日本語 τεστ", ""]
    assert side.is_known.tolist() == [True, False, False, True, False]


def test_a_code_that_one_text_writes_apart_is_joined():
    one, other = texts.clean(["Turntable PS-LX350H black"]), texts.clean(["Sony PSLX350H", "ps 3"])

    left, right = texts.join_codes([one, other])

    assert left.texts == ["turntable pslx350h black"]
    assert right.texts == ["sony pslx350h", "ps 3"]


def test_equal_texts_have_the_product_one_and_others_less():
    left, right = texts.clean(["red oak table", "blue lamp"]), texts.clean(["red oak table", "red lamp", ""])

    for made in (texts.words(left, right), texts.grams(left, right)):
        found = texts.products(made.left, made.right, (np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2])))

        assert found[0] == 1.0
        assert 0 < found[1] < found[2] < 1
        assert found[3] == 0.0


def test_groups_of_characters_never_cross_from_one_text_to_the_next():
    left, right = texts.clean(["ab", "cd"]), texts.clean(["bc"])

    made = texts.grams(left, right)

    assert made.left.shape == (2, 6)
    assert texts.products(made.left, made.right, (np.array([0, 1]), np.array([0, 0]))).tolist() == [0.0, 0.0]


def test_products_of_codes_are_the_rarity_that_two_texts_share():
    left, right = texts.clean(["tv x100 b7", "no code"]), texts.clean(["x100 remote", "b7 b7"])

    one, other = texts.codes(left, right)

    shared = texts.products(one, other, (np.array([0, 0, 1]), np.array([0, 1, 0])))
    assert np.allclose(shared, [np.log(5 / 2.5), np.log(5 / 2.5), 0.0], atol=1e-5)


def test_sides_without_any_text_have_empty_vectors():
    side = texts.clean([None, ""])

    for made in (texts.words(side, side), texts.grams(side, side)):
        assert made.left.shape == (2, 0)
        assert texts.products(made.left, made.right, (np.array([0]), np.array([1]))).tolist() == [0.0]
