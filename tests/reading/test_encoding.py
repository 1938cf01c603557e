"""Encodings are found by what the bytes become: names in every language come out as they were written."""

import random

import pytest
from babel import Locale

from matching.reading.encoding import encoding_of, wide_encoding
from matching.reading.letters import DATA, build

WESTERN, CENTRAL = ("cp1252", "cp850", "mac_roman"), ("cp1250", "iso8859_2", "cp852")
USUAL = {
    "de": ("cp1252", "cp437", "cp850", "mac_roman"),
    "fr": WESTERN,
    "es": WESTERN,
    "pt": WESTERN,
    "it": ("cp1252", "cp850"),
    "nl": ("cp1252",),
    "da": ("cp1252", "cp850"),
    "sv": ("cp1252", "cp437"),
    "nb": ("cp1252", "cp850"),
    "fi": ("cp1252", "cp850"),
    "is": ("cp1252", "cp850"),
    "ca": ("cp1252",),
    "cs": CENTRAL,
    "pl": CENTRAL,
    "hu": CENTRAL,
    "sk": ("cp1250",),
    "sl": ("cp1250",),
    "hr": ("cp1250", "cp852"),
    "ro": ("cp1250",),
    "tr": ("cp1254",),
    "et": ("cp1257",),
    "lt": ("cp1257",),
    "lv": ("cp1257",),
    "ru": ("cp1251", "koi8_r", "cp866", "iso8859_5"),
    "uk": ("cp1251", "koi8_u"),
    "bg": ("cp1251",),
    "sr": ("cp1251",),
    "mk": ("cp1251",),
    "be": ("cp1251",),
    "el": ("cp1253", "iso8859_7"),
    "he": ("cp1255",),
    "ar": ("cp1256",),
    "th": ("cp874",),
    "ja": ("cp932", "euc_jp"),
    "zh": ("gb18030",),
    "zh_Hant": ("cp950",),
    "ko": ("cp949",),
}
# Made up, and not among the names that the letters were learned from.
PAYMENTS = {
    "de": "Überweisung Miete Müllerstraße;Gehalt für März;Bäckerei Schön;Gebühr Kontoführung;Rückzahlung Spaßkasse",
    "fr": "Virement reçu de l'école;Prélèvement électricité;Boulangerie du marché;Crédit à la consommation;Chèque émis",
    "es": "Nómina señor Muñoz;Compra en panadería;Devolución recibo;Comisión de administración;Pago teléfono móvil",
    "pt": "Transferência recebida João;Débito automático água;Salário março;Pensão alimentícia;Padaria São José",
    "da": "Overførsel til Søren;Løn for måneden;Køb i kødbutik;Gebyr for hævning;Husleje på Østerbro",
    "sv": "Överföring till Åke;Lön från företaget;Köp på närbutik;Återbetalning räkning;Hyra för våning",
    "cs": "Výplata za měsíc květen;Příspěvek na bydlení;Poplatek za vedení účtu;Nákup řeznictví;Úhrada žádosti",
    "pl": "Przelew wynagrodzenia;Opłata za prąd i wodę;Zwrot kosztów podróży;Piekarnia Żółty Młyn;Rachunek główny",
    "hu": "Közüzemi számla kifizetése;Bérjövedelem március;Készpénzfelvétel ügyintéző;Vásárlás élelmiszerüzlet;Átutalás időszak",
    "hr": "Uplata plaće za ožujak;Račun za struju i čišćenje;Kupnja u dućanu;Vraćanje duga Đurđici;Članarina šaha",
    "tr": "Maaş ödemesi Şubat;Kira gönderimi Işık Sokağı;Elektrik faturası ödeme;Çarşı alışverişi;Üyelik ücreti iade",
    "lt": "Atlyginimas už mėnesį;Mokestis už elektrą;Pirkinys parduotuvėje Žalioji;Grąžinimas už prekę;Įmoka į sąskaitą",
    "lv": "Alga par mēnesi;Maksājums par elektrību;Pirkums veikalā Zaļā;Atmaksa par preci;Īres nauda šogad",
    "ru": "Перевод зарплаты;Оплата за свет и воду;Покупка в пекарне;Возврат долга;Комиссия за обслуживание счёта",
    "uk": "Переказ заробітної плати;Оплата за світло й воду;Купівля в пекарні;Повернення боргу;Комісія за обслуговування",
    "bg": "Превод на заплата;Плащане за ток и вода;Покупка от фурната;Връщане на дълг;Такса за обслужване",
    "el": "Μεταφορά μισθού;Πληρωμή ρεύματος και νερού;Αγορά στον φούρνο;Επιστροφή οφειλής;Προμήθεια τήρησης λογαριασμού",
    "he": "העברת משכורת;תשלום חשמל ומים;קנייה במאפייה;החזר חוב;עמלת ניהול חשבון",
    "ar": "تحويل الراتب;دفع فاتورة الكهرباء والماء;شراء من المخبز;سداد الدين;رسوم إدارة الحساب",
    "th": "โอนเงินเดือน;จ่ายค่าไฟฟ้าและน้ำ;ซื้อของที่ร้านขนมปัง;คืนเงินกู้;ค่าธรรมเนียมบัญชี",
    "ja": "給与の振込;電気料金の支払い;パン屋での買い物;借入金の返済;口座管理手数料",
    "zh": "工资转账;支付水电费;面包店消费;偿还借款;账户管理费",
    "zh_Hant": "薪資轉帳;支付水電費;麵包店消費;償還借款;帳戶管理費",
    "ko": "급여 이체;전기 요금과 수도 요금 납부;빵집 구매;대출금 상환;계좌 관리 수수료",
}


def _encodable(texts, page):
    found = []
    for text in texts:
        text = text.translate(str.maketrans({"ș": "ş", "ț": "ţ", "Ș": "Ş", "Ț": "Ţ", "\u200f": ""}))
        try:
            text.encode(page)
        except UnicodeEncodeError:
            continue
        found.append(text)
    return found


def _texts():
    """Statements of forty lines with places in a language, and short ones with payments, each in its code pages."""
    random_ = random.Random(7)
    for language, pages in USUAL.items():
        places = [str(name) for name in Locale.parse(language).territories.values()]
        for page in pages:
            known = _encodable(places, page)
            for _ in range(3):
                lines = [f"{n};{random_.choice(known)};{random_.randint(1, 99999) / 100}" for n in range(40)]
                yield language, page, "\n".join(["id;text;amount", *lines, ""])
            payments = PAYMENTS.get(language, "").split(";")
            if payments != [""] and _encodable(payments, page) == payments:
                lines = [f"{n};{text};{n}.50" for n, text in enumerate(payments)]
                yield language, page, "\n".join(["id;text;amount", *lines, ""])


@pytest.mark.integration  # many files
def test_texts_in_37_languages_come_out_as_they_were_written(tmp_path):
    path, wrong, count = tmp_path / "a.csv", [], 0
    for language, page, text in _texts():
        path.write_bytes(text.encode(page))

        found = encoding_of(path)

        count += 1
        if path.read_bytes().decode(found, errors="replace") != text:
            wrong.append((language, page, found))

    assert count > 200
    assert len(wrong) <= 0.01 * count, wrong


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["Datum;Text;Betrag\n", "Дата;Текст;Сумма\n", "日付;摘要;金額\n"])
def test_utf_16_without_a_mark_is_read(load, encoding, text):
    found = load((text + "2024-01-13;Ä€Ж漢;1,50\n2024-01-14;B;2,50\n").encode(encoding))

    assert found.detection.encoding == encoding
    assert [list(row.values())[1] for row in found.data] == ["Ä€Ж漢", "B"]
    assert found.amounts == ["1.5", "2.5"]


def test_utf_16_cut_in_half_is_read_up_to_there(load):
    found = load("a;amount\nx;1,50\ny;2,50\nz;3,50\n".encode("utf-16-le")[:-3])

    assert found.amounts[:2] == ["1.5", "2.5"]


@pytest.mark.parametrize(
    "body", [b"", b"a\x00", bytes(64), b"\x01\x00\x02\x00\x03\x00\x10\x00" * 64, b"a,b\n1,\x00\n" * 9]
)
def test_what_is_no_text_is_not_taken_for_utf_16(body):
    assert wide_encoding(body) is None or body == b"a\x00"


@pytest.mark.integration
def test_the_letters_are_those_of_cldr():
    assert DATA.read_text("utf-8") == build.letters()


def test_letters_of_full_width_are_japanese_and_no_symbols(tmp_path):
    path = tmp_path / "card.csv"
    path.write_text("山田　太郎　様\n05,ＥＴＣ,14074,１\n06,ＡＭＡＺＯＮ．ＣＯ．ＪＰ,18638,１\n", encoding="cp932")

    assert encoding_of(path) == "cp932"


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("Fecha;Nº operación;Mª;Importe\n", "cp1252"),
        ("Fecha;N.º;Número\n1;2º piso;3ª\n", "cp1252"),
        ("Datum;Popis;Částka\n", "cp1250"),
        ("Data;Sumă;Sold\n", "cp1250"),
        ("Tarih;Açıklama;Bakiye;İşlem\n", "cp1254"),
    ],
)
def test_words_that_files_use_tell_code_pages_apart_where_there_are_few(tmp_path, text, page):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding=page)

    found = encoding_of(path)

    assert path.read_bytes().decode(found) == text
