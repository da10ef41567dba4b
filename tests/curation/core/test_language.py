"""Languages: right where they can be told, undecided where not, the same every time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.core.language import UNDECIDED, detect_languages, known_languages

SENTENCES = {
    "en": "The judges were asked which of the two answers helped them more.",
    "de": "Die Jury wurde gefragt, welche der beiden Antworten ihr mehr geholfen hat.",
    "fr": "On a demandé aux juges laquelle des deux réponses les avait le plus aidés.",
    "es": "Se preguntó a los jueces cuál de las dos respuestas les había ayudado más.",
    "it": "Ai giudici è stato chiesto quale delle due risposte fosse stata più utile.",
    "nl": "De juryleden werd gevraagd welk van de twee antwoorden hen meer hielp.",
    "pl": "Zapytano sędziów, która z dwóch odpowiedzi bardziej im pomogła.",
    "cs": "Porotci byli dotázáni, která ze dvou odpovědí jim více pomohla.",
    "tr": "Hakemlere iki yanıttan hangisinin kendilerine daha çok yardımcı olduğu soruldu.",
    "fi": "Tuomareilta kysyttiin, kumpi vastauksista auttoi heitä enemmän.",
    "ru": "Судей спросили, какой из двух ответов помог им больше.",
    "uk": "Суддів запитали, яка з двох відповідей допомогла їм більше.",
    "ar": "سُئل الحكام أي الإجابتين ساعدتهم أكثر.",
    "fa": "از داوران پرسیده شد کدام یک از دو پاسخ بیشتر به آنها کمک کرد.",
    "hi": "निर्णायकों से पूछा गया कि दोनों में से किस उत्तर ने उनकी अधिक मदद की।",
    "he": "השופטים נשאלו איזו משתי התשובות עזרה להם יותר.",
    "el": "Οι κριτές ρωτήθηκαν ποια από τις δύο απαντήσεις τους βοήθησε περισσότερο.",
    "th": "ผู้ตัดสินถูกถามว่าคำตอบใดในสองคำตอบช่วยพวกเขาได้มากกว่า",
    "ka": "მოსამართლეებს ჰკითხეს, რომელი პასუხი დაეხმარა მათ უფრო მეტად.",
    "ta": "இரண்டு பதில்களில் எது அதிகம் உதவியது என்று நடுவர்களிடம் கேட்கப்பட்டது.",
    "zh": "评委被问到两个答案中哪一个对他们更有帮助。",
    "ja": "審査員は、二つの回答のうちどちらがより役に立ったかを尋ねられた。",
    "ko": "심사위원들은 두 답변 중 어느 것이 더 도움이 되었는지 질문을 받았다.",
    "vi": "Các giám khảo được hỏi câu trả lời nào trong hai câu giúp họ nhiều hơn.",
    "id": "Para juri ditanya jawaban mana dari keduanya yang lebih membantu mereka.",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_is_told(language):
    assert detect_languages([SENTENCES[language]]).tolist() == [language]
    assert language in known_languages()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "\x00",
        "\ud800\udfff",
        "\u0301\u0301",
        "42 + 7 = 49",
        "x",
        "ok",
        "$x^2 + y^2 = z^2$",
        "https://example.org/only-a-link",
        "```python\nfor item in items:\n    print(item)\n```",
        "```\nwhile True: pass",
        "🙂🙂🙂",
        "→ ✓ §",
    ],
)
def test_what_has_no_prose_or_too_little_is_undecided(text):
    assert detect_languages([text]).tolist() == [UNDECIDED]


def test_code_formulas_and_links_are_passed_over():
    around = (
        "```\nimport os\nprint(os.name)\n```\n{} See `os.path` and $\\frac{{a}}{{b}}$: www.a.org/en"
    )
    for language in ("de", "ru", "zh"):
        assert detect_languages([around.format(SENTENCES[language])]).tolist() == [language]


def test_two_prices_are_no_formula():
    text = "Das kostet hier $5 und dort, wo niemand einkaufen will, schon $7."
    assert detect_languages([text]).tolist() == ["de"]


def test_capitals_count_as_small_letters():
    assert detect_languages([SENTENCES["de"].upper()]).tolist() == ["de"]


def test_chinese_with_latin_names_is_chinese():
    assert detect_languages(["用 Python 写一个 Hello World 程序的代码"]).tolist() == ["zh"]


def test_varieties_count_as_their_language():
    codes = set(known_languages())
    assert not codes & {"yue", "wuu", "arz", "nn", "pcm", "zxx", UNDECIDED}
    assert {"zh", "ar", "no", "en"} <= codes


def test_more_confidence_decides_less():
    texts = [SENTENCES["en"][:15], SENTENCES["de"][:15]]
    assert detect_languages(texts, min_confidence=0.0).tolist().count(UNDECIDED) == 0
    assert detect_languages(texts, min_confidence=1.1).tolist() == [UNDECIDED] * 2


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.text(st.characters(), max_size=30), max_size=5), st.randoms(use_true_random=False)
)
def test_each_text_is_told_by_itself(texts, random):
    order = random.sample(range(len(texts)), len(texts))
    found = detect_languages(texts)
    assert found.shape == (len(texts),)
    again = detect_languages([texts[row] for row in order])
    assert again.tolist() == [found[row] for row in order]
    assert set(found.tolist()) <= {UNDECIDED, *known_languages()}


@pytest.mark.parametrize("unit", ["`", "$", "$ ", "\\a", "a ", "```", "\n", "http://"])
def test_a_very_long_text_takes_no_longer_than_its_beginning(unit):
    started = time.process_time()
    detect_languages([unit * (200_000 // len(unit))])
    assert time.process_time() - started < 2
