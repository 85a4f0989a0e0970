import weft


def test_a_notebook_shows_the_users_line_and_the_words_instead_of_a_traceback() -> None:
    try:
        raise weft.UserError("Wrong.", cure="Do better.")
    except weft.UserError as error:
        place, text = error._render_traceback_()
    assert place.startswith("line 6: raise weft.UserError")
    assert text == "UserError: Wrong.\n  Next: Do better."
