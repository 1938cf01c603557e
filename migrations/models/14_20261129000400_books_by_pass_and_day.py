from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
        ALTER TABLE "book_entries" ADD "pass_name" VARCHAR(256);
        ALTER TABLE "book_entries" ADD "since" DATE;
        ALTER TABLE "match_records" ADD "date" DATE;

-- Matches in the order of their differences, as the pair's left side sees them; the few that were made from the other
-- side; and write-offs that wait for a signature.
CREATE INDEX matches_pair_difference ON matches (pair_id, (CASE WHEN turned THEN -difference ELSE difference END), id);
CREATE INDEX matches_turned ON matches (pair_id) WHERE turned;
CREATE INDEX matches_write_offs_waiting ON matches (project_id) WHERE pair_id IS NULL AND status = 'suggested';

-- What there is, by pass and day: the numbers of matches, what is open, suggested and matched, and what remains.
UPDATE match_records u SET date = r.date FROM reconciliation_records r WHERE r.id = u.record_id AND r.date IS NOT NULL;
DELETE FROM book_entries WHERE term NOT IN ('total', 'written_off', 'explained');
INSERT INTO book_entries (pair_id, term, pass_name, amount, records, without_amount)
    SELECT pair_id, status, pass_name, 0, count(*), 0 FROM matches WHERE pair_id IS NOT NULL GROUP BY pair_id, status, pass_name;
INSERT INTO book_entries (source_id, term, currency, since, amount, records, without_amount)
    SELECT source_id, 'open', currency, CASE WHEN date IS NOT NULL THEN greatest(date, (now() AT TIME ZONE 'UTC')::date - 100) END,
        coalesce(sum(amount), 0), count(*), count(*) FILTER (WHERE amount IS NULL)
    FROM reconciliation_records r
    WHERE NOT EXISTS (SELECT 1 FROM match_records u WHERE u.record_id = r.id AND u.confirmed)
    GROUP BY 1, 3, 4;
INSERT INTO book_entries (source_id, pair_id, term, currency, pass_name, since, amount, records, without_amount)
    SELECT source_id, pair_id, 'suggested', currency, pass_name,
        CASE WHEN date IS NOT NULL THEN greatest(date, (now() AT TIME ZONE 'UTC')::date - 100) END,
        coalesce(sum(amount), 0), count(*), count(*) FILTER (WHERE amount IS NULL)
    FROM (SELECT DISTINCT ON (u.pair_id, r.id) u.pair_id, r.source_id, r.currency, r.amount, r.date, m.pass_name
          FROM match_records u JOIN reconciliation_records r ON r.id = u.record_id JOIN matches m ON m.id = u.match_id
          WHERE u.active AND NOT u.confirmed AND u.pair_id IS NOT NULL ORDER BY u.pair_id, r.id, m.id) s
    GROUP BY 1, 2, 4, 5, 6;
CREATE TEMPORARY TABLE used ON COMMIT DROP AS
    SELECT m.id AS match_id, m.pair_id, m.difference_as, m.pass_name, coalesce(p.sign, 1) AS sign, m.remainder_since,
        u.side, u.amount, u.currency, r.source_id
    FROM matches m JOIN pairs p ON p.id = m.pair_id JOIN match_records u ON u.match_id = m.id
    JOIN reconciliation_records r ON r.id = u.record_id WHERE m.status = 'confirmed' AND m.kind <> 'one_sided';
CREATE TEMPORARY TABLE shares ON COMMIT DROP AS
    SELECT *, CASE WHEN apart THEN 0 WHEN abs(l) <= abs(r) THEN l ELSE r * sign END AS matched,
        CASE WHEN apart OR difference_as = 'booked' THEN 'booked' ELSE 'remainder' END AS rest FROM (
        SELECT s.*, x.currency, coalesce(x.l, 0) AS l, coalesce(x.r, 0) AS r,
            (x.l IS NULL AND has_left) OR (x.r IS NULL AND has_right) OR coalesce(x.l * x.r * sign < 0, false) AS apart
        FROM (SELECT match_id, pair_id, sign, difference_as, pass_name, remainder_since,
                bool_or(side = 'left' AND amount IS NOT NULL) AS has_left,
                bool_or(side = 'right' AND amount IS NOT NULL) AS has_right,
                max(source_id::text) FILTER (WHERE side = 'left')::uuid AS left_source_id,
                max(source_id::text) FILTER (WHERE side = 'right')::uuid AS right_source_id
              FROM used GROUP BY 1, 2, 3, 4, 5, 6) s
        JOIN (SELECT match_id, currency, sum(amount) FILTER (WHERE side = 'left') AS l,
                sum(amount) FILTER (WHERE side = 'right') AS r
              FROM used WHERE amount IS NOT NULL GROUP BY 1, 2) x USING (match_id)) compared;
INSERT INTO book_entries (source_id, pair_id, term, currency, pass_name, since, amount, records, without_amount)
    SELECT source_id, pair_id, term, currency, pass_name, since, sum(amount), sum(records), sum(without_amount) FROM (
        SELECT source_id, pair_id, 'matched' AS term, currency, pass_name, NULL::date AS since, 0 AS amount, 1 AS records,
            (amount IS NULL)::int AS without_amount FROM used
        UNION ALL SELECT left_source_id, pair_id, 'matched', currency, pass_name, NULL, matched, 0, 0 FROM shares
        UNION ALL SELECT right_source_id, pair_id, 'matched', currency, pass_name, NULL, matched * sign, 0, 0 FROM shares
        UNION ALL SELECT source_id, pair_id, rest, currency, pass_name,
            CASE WHEN rest = 'remainder' AND remainder_since IS NOT NULL
                THEN greatest((remainder_since AT TIME ZONE 'UTC')::date, (now() AT TIME ZONE 'UTC')::date - 100) END,
            amount, (rest = 'remainder')::int, 0
        FROM (SELECT left_source_id AS source_id, l - matched AS amount, s.* FROM shares s
              UNION ALL SELECT right_source_id, r - matched * sign, s.* FROM shares s) rests WHERE amount <> 0) x
    GROUP BY 1, 2, 3, 4, 5, 6;"""


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        DROP INDEX matches_write_offs_waiting, matches_turned, matches_pair_difference;
        ALTER TABLE "book_entries" DROP COLUMN "pass_name";
        ALTER TABLE "book_entries" DROP COLUMN "since";
        ALTER TABLE "match_records" DROP COLUMN "date";"""


MODELS_STATE = (
    "eJztXWtz27a2/SsYfznJjOrazqNpz507Y6c+rds8OonTx006KiRCImuKUAnSis45/e8XAN"
    "8kSBEiKZH0/tDGErFJagEE91779Z+TFTWIzU4v19YtvSPOyTfoPycOXhH+R+HYBJ3g9To5"
    "Ir7w8MyWg/HamnpimPwaz5jn4rnHjyywzQj/yiBs7lprz6LiKieXSI5GG8sz0ca05ibCaO"
    "3SpYtXiEsytKAusvi/dOMQ9xS9dewt8kyC3n9/+cXFs+eILuRhRuYu8ZDF//KoS4xTcX2D"
    "zvkNWM6y20t9cj45l8gl9/z8RngV5uEtm6AZmWOfEXka7BuWh2y6RAJaxs+FsGMgEzMugx"
    "YW/zu5urh937H+8gnHc0m4vMt/xMff+dd8IPlMmPj48YSf3J1ahhge3sAUeye/i3Hru+nC"
    "IraRmc1gqPx+6m3X8rsPH26+/ZccKTCbTefU9ldOMnq99UzqxMN93zJOhYw4tiT8brFHjN"
    "QcO75thwsi+ir4KfwLz/VJ/BuM5AuDLLBvi5Vy8j8L35mLBYLmHN5Ty2Cn4pJf/W94e6mh"
    "0+mbt7fT99e30+lJYXGJ28gtgvCrOXXEwrQcT6D4n7+D8yagyG9PxAVefn/57tGT548lDJ"
    "R5S1celJCd/C0FsYcDUTkjCdJ8kQhcxHQUEP+WH/GsFVGjnpXMoW+EoqfRH/vMQvRFMg3J"
    "81k2D3Obzu9OHbo5xjzc3ry+fn97+foncfoVY3/ZEsbL22tx5EJ+u819+yiYNsp3oGBzik"
    "+Cfrm5/R6Jj+j/3r65zk9uPO72/07EPWHfo1P+w6fYSEMVfR19xYcms++vjT1nPysJsz/E"
    "2b8nLhM/vzD1N46nnvWURG7KOT5dTfJ5R1PJb5b/88XF+dOvnr548vzpCz5E3mX8zVcVs3"
    "3z5lZurQmc8t8Cli9N7KrBjMbnkOS32BWSETRdgLnCn6c2cZaeKRB89rwCup8v38k3Fh+V"
    "W/1vwkMXwbEsvlwFMYv4XlkOdrdqhCOJHMKzrUfYADGugPTq1durzLbDgby6eXP57rdHry"
    "9/fZzZe169ffNdND69pVz9dnt9mcOczek6wCqL+g/v375RY55I5F8K1txD/0W2xTrbKY6D"
    "vcAig320imPoUwv8pQJ4cYKrHPBc5f+TzD2uNGuhnxNrNAWhzvtQZ+Be3L4u/hkhQH9/9B"
    "3ibah7pwV+Wgaw3x978nlt8cN7WAVZyWNZBceZisGp/zZm3tRne5l/edkWpno4D93gZjrF"
    "uWnOc1YSZrnPs5wiWesypymRNunT/k7qDqZUENKLOyVRKqAqQvsv6hJr6fxIAgv0ht8Hdu"
    "Yqsz50UHwITzNMSJNvk0fZxZuYwU8vKP7b+S8mXsCCXL5/efnt9YlEeIbndxvsGtMM1OII"
    "vaC5b+KxxUOri1X+G+zgpQRH/ApxzyHqr+jSct5QMTMKp1Hq6KTKbWSLcfzx4wNrO44cfz"
    "UjLvJM7En3yprfIDKxY0h3yneULm0iHSxyxJwKl4v4zYjxZUWMCWI0OISFH8cmTui5sRji"
    "uq5nIod6Jp85lSfpYNcWrqUb6WsSKgESAE3QLHBLzVy6YdFdYCZ8T4EHK3RdRW4rw1oS5j"
    "GEXYLuyNqr7VtK6Zz82MfIChDi6UOlviY1rVRO25WQSnvSdrs9TQcj7Z4/rcHZPX9aStmJ"
    "Q9XOpnAt6KCdEhkhT9oW5AW7WYuHTkQA4hoQg3k8WnW6oP8dR115Rxb8h5ilUS6Z45Uqix"
    "uM1Ix2CaWC132zaJYmp9r99i99qduU3vlrnV0wkRjdi/3JRY0t8MlF6RYoDlW/2ME1Vw5w"
    "V665oUfuwGuoFqsD2saDmOY9eXig4Ic0v3dkq6OSpGX2Ukp6Np9ZreT84kUNtYSPKtVL5L"
    "HcS9G0bAUDXo5xLDA+gNtS+8CP9LC2KkaYCPLUdCVlpcCbVO1NCtFqwaH0PjnTMIHd6VPK"
    "rqw+uZUi7BUUTWpaytmZ8JfV5mXC8d8g6hDppPnCciZBqhDOMi3SrSOJFX8+51LUZSp2pv"
    "kJH3z2j7yS+N9TyPzZ92Xe051pFG/znkV5wVQDVQTT3Gia+UGTOJ4133P7VsnDlPd6ysGr"
    "37lXf25bxFE8SxXUUSwBANcAGMijh7BTBXM15RYCU9Eb5U9TQRAI2d2E7Iob3VSL704kDr"
    "dpnaw30Y107VOok3Z8Xp51fF5IOoagegiqPzYB2iCoPr0x5yPBcsE6ofy/fnxHbOypqzyU"
    "xJ+NBPe/u+SKb02Xep7Eo0AWx8cmVWyxF46qTRfPqe94xBUxdmvMGDcHDIQ9j6zWHjtFQc"
    "C+5cxdsuJ6LDH431FpJw4HdhgOGM4ZWfAHMswgCE/DJecmmd+pg/4Od+EGIYKazvgmfvg+"
    "Bwc+PTur8c7ko0pfmvLYDq5ZLIgi2qV1ZuLxh6sy0yXgLRea2fDfwbVy/lZ092OAlCcACq"
    "jXhtVMlLbik8UfDMvWnfCCMBjRfZvrnqQeSFVaoaJEKna5eiK01LqqiYPwXO7xCu0he6zB"
    "C35QbmQoInnEVxCUEYQikjD7UESyB7o9WWGVeldul8YCo7NML57V8UHxURVFJAteKMNiax"
    "tvp7rFOvNyI3T5dVK006W2Fs7R+BHi275zghvwnq/gcsvhTSQO6P4RdN49GaoHKKIep7qF"
    "QgqC4/NodrJlrMl6XeJ0qwA7LTQ+oNt3Hcerc25iZ7mX+l5yCuCW+qyvx5O2f7RoySlg3v"
    "s879LvO9W31gpyYLPlbTYZJh8Uh9szxj4tDI9Rnx+jpayaN2X+TEc7yUq1op70ylB/VksL"
    "fFahBT57rIoUqhPYkm3mtX9QS7p12MDszNKAFkVab0OUxpdumguoFCUzmWmtG+L0U9CI4b"
    "U831jRCrodtIbZz+J040OsS3ft5Xpti0Qefq8/ku2JwnGbGzGp7osYjxV1R2oHmvGxKPTk"
    "yeKvssKrZ8ooL+ZhO5j4b4JILmmoT1K9Brl08HGORb0wETUmPvGvvyDO3N3KC4mPqlCzQ1"
    "66gS/6uL2heqQrdF+L7o7caXJHicQIWef2maONy/cJokC4qt5fSghK/qWtGij5BzZmf8K/"
    "3ltLh8NcokukjlbqESwYp6NDOOja4Fbg+dfyjS6LxYuzMBEMxk2OoAiJqoaJhmCTYHHNN0"
    "qbr5Mevb27LxG/9mdcBdV7tyQy8GrZ99UCWlPX/jbXuudoTPfSnhTCsNT3XeoiBkLLGIsF"
    "RrjQ24+XACV1tEpqpiQJ9aZ44anyd6tnOSMIzq6+zXFPDJGQPz9RWCHRoUoTJGyEXJvCDM"
    "cHRCGjvsuNhwn6k86YrHwomW4m+EGMPIJXKipyn1NAegukt0CCQ+82QUhvgdmH9JYOQqWO"
    "6wfrleXVSex0+s4KMN+SzyVrNid2wNyAY+xB17/eZrafCFE1rRANT83AS8E0ZIEXO/i/qa"
    "O1uNMyB4T8w+3LrlDvvoagqA7HITSIItbkh/dv35RkFeXk8u9ia+6h/yLbYp1t0Km38My3"
    "bM9y2Km43jFewgKn6gcgv9ZzL1ZxgvwDsHEtj0zpYjG1rZWl0JXKZ0ch2miChsMIdDITC2"
    "56TsmWsCm9V9Ez5RNRlIR52H8epF7J72Fhuaupv+ZGvs5cqKVhPvTmY6+I4jCgUeGigQDQ"
    "XExxwHI1Q+q9PMlYIbLxlvpeKxC9kqcaK1BrGzcNTv+Jn2Ks8AgeuRk6P9DZWMFZY6vxfs"
    "1PMVZ4DDK3Wsj9+DY8zVhhCjw0zTCSOQxjAugATr5QRyp39SVK1E6H3zSlvO32+/0iwgUx"
    "WnMBbpiv8BYZVFSjxZEzr+jnqyei8Ot9jG8x8MVFVZ1/zzn8PmaPgO8PfH/g/QHfH8w++P"
    "6G7fuDUmAdRl32qPffcGjGwe1IWQ2yrv6XlYKeNNDip204CzR7YckW0dXu8pOK+xwmsDsb"
    "/WQfVHWvn/zKbQFYaJ90lFTLwO2hSrOMHSIVKZaJ56Ve53hPRB67hJsBRkkr+MKIOr3ds0"
    "tWkBYTlP+Wmfji2XOgM4DOAIMW6AyYfaAzxkBnQChzt6HMC+quVBtVOcKJxAgxbp8yWlj8"
    "5JqLOC0zvirbnaxjZv2bTOP0/HzO/7J0883KHW7/Pet2//364uLJk68uzp48f/Hs6VdfPX"
    "txFm/ExUNVO/LVzXdiU85MRHGXDm0PjSWeSIxvgbcfkW/4QclAEb+tY8Tl5RqYcz1DvB1S"
    "chitPQb89nPphk25TausxFK+K2fEYFPeb1OWINoUG+o6ODvQTwQB/wb4u0RQdHvNQFoU5q"
    "DJM0AW3jSM6dZ9ClKiR5yDs6HhvsLrtbirAuLlqTgpkX4kDorLjiZxkEPBPHVwcvmUZIT6"
    "MSmjyuZcu1SY+jpTkhKBCWl9Qgzikbk6rb98SjJC/ZiUUW1dfMlzeFaaT0kkArmc+yPvkn"
    "tL05mRFgFvRl4twp5HVmuFIlqKZ0piNDZAe7GuRGoomiV1s1JAP+6mH6OohNlWh3zMSgH1"
    "mNsK2B3HZmN5im635ZhmpQDTgqYAgbsQadqbmMg6kaZ1SmXMTd+5a6W4wUtxphEhni0CUc"
    "7z6VeB4Od6O94yEAG33MqSekdG9hTngJKRus2AeidPMlaI5GMHhTOqFpG1NAGiSohmlN5N"
    "icPP1LTQ0RU/0zU/0XawWnCNxw1KsdR44ACkg9YZSWuYpfk2sQK6K+lmmii9u1NvztFr60"
    "oW/XeQvw5CF5DwkxRzcKqHKiuKhDcUaPGOL6uk5OuJaGXdVLmdlVaogusLt66qRXjclmYH"
    "9DuXZ+KEs1WYgVL4E4HD0a3dz0JrjOuMGgoOsKqpViQBnbQm+3bSSm8/dUmtjBBwWtWcFo"
    "tTQRtSWqMrsjnJMVqZZdW/PN+wdmep9pHU9typfqQqiu7WP25Fr3OHbYjLguaoa0LXNkFL"
    "fM8PzPiJEA6UDMSHbhF2CfKZUDxkH3WCHPLZkwOQ4PaD3kb8B6DgLopazCEuWKO6WjC6mT"
    "LU2xRkeSXxv6cDSz+241Ve1yWaSIwwqr19f+jQohtHFJISbHravuicGDhOS1DVz1nPiUI/"
    "0V5np4OHHDzkfbInmnnID2BQhG7gcosi8RPvNilS/uk65YRcugkamUo9Xar5FkMORcJZwt"
    "GfIObPTYSZ6HVKPcznQbRA3ZhbVemhhmerU6YoYx3aVtBzS7vEMrCjh2JHoymqj38kMSZy"
    "9PApaXqYhwJ7Qd4zbfVIiMu+dDr2cCIxQnv4yUUNe/jJRak9LA4V0mawZRcBrmqFGUmMAu"
    "AqE6GLPphiR9dhH6LxkAyzP/MAbhhww/TFbOq5GyYMCS01mpKQ0Z02UypQdU+TaYOFleOh"
    "INRD10SqktY2icAUAlOonxsPmEIPA/EQSg1NPZEYQ6bkoRV10Qtdx/CMxo/CKurcDUsY42"
    "qIzmpOiYwC4kOv53tsC41HYKaxqrNSowC+a0oFrE2wNsHa3GFthnl1CjszybgrtzBFap8z"
    "t2xL5oBMU5l+WpZmgM4p+gOvqO94fwivGvnMpSeiYSmfa4+JgX/Mfdclznz7xyQIuePG5Y"
    "ovWPQ1Eo2DV/w66JGYsy/jPsJfnp2dXTyuNFQPcvHddu44Av6g50gRfeg6MYi4Hug58pBn"
    "H3qOnLTbQvWAtFTflMJjueih0lyra/goHuK+reWDB6dLJVzxBg507JIA6lgoj30gdRpKj4"
    "ps/fb65c3ry1ePnryYfC3R5rNgBTZlNA9Pzwpl6EIjRotQTcmMgcDO8U51aKdy1qkQx8Nh"
    "UOuPpZuGshJxWmscHsRVy5Zre4U314KIFaZFQ2eExrAsD81DAz0K9Ogx6NHoBtrjRzN9ph"
    "tWq3mNvbk5vmJjXVLIP9nYOVEQyPL7SRV9vOYjarLF39MN8jY0ZGuZzMZeibkSEUWWgwRL"
    "65ANYR4KDfMi6bvnOfbrLg18LvC5wOgBnwuzD3zu8Lkw6CHdbe9dfhP+iqiIrwq+MSUDnG"
    "MDztHETNFBoHxxR+NHuLjbjzCkrrW0tDIHE4kRAtx+f1ioRwH1KPoU6tZWx4ZQH2tafdjG"
    "zs+JZjcSzDMbwKGKoveTLz881xUtpxLKK7XaqpmvaXqF14mXDMcHYYviDKfoxkMO4d+juY"
    "mdJWGqSMe6YupiheJGg0c5MpDGWaoQmC6FGQFcxxC4DmC6HvLsA9N10mrUFzAxx2NigGbs"
    "lmYEpgtavB5/69BpR5qYH7WZrUQEaK0dtFYYodGU0wpPM0xIdxNayYLqU+amIG0UFETI5d"
    "TO2YzYo1oJm74j8iSDfuoyURKjhYjB/Ib/saHuHXHRxqSMoHBMUB7Vk70RgjBiD1GHoI1r"
    "eUQeMvkMKdMzO7zUfgE9E/QxaByXxKrJ74JGabkv+SPj+QyigIAbAesYuBGYfeBGxsCNiG"
    "6gutp4IgK2jcK20V+hebERVXJrb6EKjHTJjozQGDKKuiY8JGD78KUFQSiq3KCocmBqaCz0"
    "RGKEvF77AVahgamxRackDqdEnA1kbw7BYVNmObI6cdhnXg/bgjgAXShUCnx0+13e2B3HRt"
    "T/0sE0KwWYFl5g7n4melayBRN9OPgOzhRfWI7FzL2mOScK89znebacddjzua41kEgcPnYi"
    "Ra/NfMv2LIedisseg13rxDqYi8o4WtORSMB0dGKscfysudaUZKVgWlqflrVLxWGtSUnLAH"
    "/RHPvp3HfvFdFfu2cgkezHoyGuN6ZHg8Oz0pyXSAQejP2Rdwn/2Uyd2FfVdzEtBTT2bho7"
    "F9RRwLrcri9KQsRZXwL4eraIW0ITcn3bBzUfwKWBrEIU4IVU6kOmUpe8yVrAd1RVB1XwFl"
    "/fuyFOP/GA8W6MFTvkbpAPG5feT01h77B0fn305sOrV/WqLMxN37lrXj7gpTjNiJZxZjmS"
    "z3Pbb6EWBcfpOjrVWLEK6mm2UYR1PE9upxUp4odPnQsSP5jlCSF/Un7P8TZQJw9E5FR4xE"
    "FSStSV4NofR5LJwhIWQ5bDiHDMiqKqMh9DjPsHQ3TDP7vYYVgyZhPEaNAi2qHhubhwdHJv"
    "Y82JKjXkwFdXlsUQmIX6PmZsKhec+CTP06xCBjSsFscO0bA6O3V1w28zQmPqV9Ne4FG059"
    "SENB4PaJbHy2ngeZTwwwEhWqqjlCKakgBEVUUzXLpeE8XLrBTRlAREbubhTLSLukRkSh8B"
    "/rGSf/wzyI9uSC3Uq5jXU0B3UgvJaupZwntiPqutnYx5XW3xZI363VbPe7oiMoU8sBkw4i"
    "dBgkFE1PfQxiSifwRaWC7zUBiXOkHYMYLhG8yQ7xgiIV3GrYss9qBbclCWT75g4qEFo+eQ"
    "F//k8PXBT7UiQpxwO4m6hUFcXjDT4ZBTdIk8fEe+oKKmoLiuuIDnbvk94nsi7k3cp0dp7f"
    "z7ZAkGdzrV7qkBdtSh7KhkhjTeWBkh8PMqNFRNQNMygGc+lGaFxQ9wi4BWNpbMyEFvSXGo"
    "vLckaK2gtYLWmtdaryi9u3ZEkqJCZU0OVuqrMz5sSvg4i9Tm6IPKzkLBE3qfR9yV+Fvw4e"
    "JsjOuADgr65oYKm+OvZlx7k3y6eDWzCR/pmVxlXDrEUBHxbV/ik/PJuQ5+pezNRh17i7Bh"
    "CGU24epn1NhyFVQ0a1twzZRx1Vh+xUEj/2CI+St2im75TfC/Av1W3Bk/EgIoXQRc+B7bPv"
    "nnJ8ehm1BV5lo0n8ZtPFDcg0vWNp5zPXe2FSMsV572ESMuV3W/lL/zy3D86Xr7uLZ+m6sX"
    "FZXJABW3nyquWEJF/MujcKPxkGBfI8EemlLnMW65KbX0WenW1s0IjQ/iTurrSnpFYWOUtv"
    "+OBR5y/+9AR9A0zRKhxnZZ3/bbGobZ+dnZmYZpFqpbehpESmhMTq+DaBIJ9KLqA/W9adki"
    "r5qBoixMxN4TAcXrWi3asU+6RFuJEqNBtILxOXyIeT9R3Un76MaW82e6BVR/Ck8zTkxTG1"
    "+fuDQJuoJGiyajot8aH1GTOrvdUBSsKRZ6WyUNFBRNJwYSL2VE8NxEVLA7p+gHOhNBp4hY"
    "4jMyLD44SAgnNhUuWyo5McbvGYn7KFJph7lkHVqqVoFzLY4Kiprv/7ot56MEY1rE+j23d+"
    "xSbTKSGVHB2CcXXz2PlUbxoUpNfM8Np1flZfKgPnwLS3pw5aog+b9DIwHS1SFdfQjwQro6"
    "pKv3H15IV+8e49rp6nVyq/NhGzniVyMhNhMnMixNHbKG+5g1HGCloFJiEMu5lNRk7WZT3g"
    "VOJBGIE4b6GBHJEXMVAR8RBKxvzG2RH9n3JLsZD6Ayjk5lgP39kO1v6M/2kGcf+rOdtNr2"
    "CviW9vkWz3cdVWoz18ltgp2S+M9YKIcntwk6C0mKvzkslldv377KbDhXN7lgjDcfXl9dv3"
    "t0notXUsVoHKciR89Mgvb7NkL850HiPw9b+aRv+La8au/479BZsNH4w8Xcn1BHWJdT/k9X"
    "2l7XsffQPbBjgKlrLS2FhlsOcCJxwJXMAbAGvIqF7aUwIKsCyGOZB5jXe34xeVI7eHyFXe"
    "UKrkQ3EQJ468A71X3b5cTGp6C9qLFJvCjdI14UuriuZtbStzytLLOM0AF3Y2fAGsXSpf5a"
    "B+RYYHxruP1mJYa1WBCR+aj7ussKPsBNWauWRYLWFGtpxwXBQ1oja+IcZtdoeW9OgeYSzF"
    "SEcC3EE2HYSnZvJVAU5wAbSQzWVDitddZ1UXJ8i/pZjTX9rHRJP6sCuzQRu9yjqBCHXsN9"
    "dh8mE7ZnCTqlOCQmZp8q8tkjjsE0wc1KAab9KnkwHFD3U9/DqhnF3b9EhwzHP+QqHFCFp+"
    "sqPKJhk4mZqYNwRmh8ELdv1WAmq8nppsbkxOB9ldtQ+ZvFIMZ0ptgeykHNSgGmakz1Qx+z"
    "kmCj9NtGURNat1xBLjNLxsRiVc3l9a+3mWksdE2Pp/LV2zffRcPzrdTzJdiWDvZ8V5VNUt"
    "6yPivVqGt90zDimW/ZnuWwU3G9Y0QRd9LMPoj854iv1thVhVOWz41CFCao9QlyfYejNlW5"
    "7sqnJiPUaFKGs2t1gv6RaqcPB3WdqgNQ6K27fPhDFqLvJ56N69BDNbIKQKMbaKscWSrTjL"
    "WSYBzkonalZhxh+WZJQLpaESHQCKiXwVnGCpIwv1toB/5teJq6eeuDwarzxPXwGSxLX08e"
    "0R1J7NNUieMahQFNgvgmEvSUCPunzbZRa7RT9EHOC+JGimdhG4VZ5og4jNuVUeO2UM5i4l"
    "RG0OKCOqpG191eTvTauPGQiZlof70IXjjojmxZ1DZbJGzPML+BRytr6cq1jJ4+PkW/mJSI"
    "Nm+iU7ZokiFv0qR88vjfIvs1uPYdIWsmTxR0jgtbbHxyoltykOysUbs0YdzfCnpk9LNHBt"
    "gwzbRusGG6QlM39KpRwFXfXtOdRlxBHEOncQzgk+/YJw+BIruWraJdy9yz7hWoVRZESIQO"
    "WBAh0sEGWw8h7sSsiXZGDipQaCB+xM67fVMc2tG9jtocejyQVlDyq4g/akgij4mHUtLI6e"
    "e0RunUmEVqiOuoGGMlsJnHtU8NQyIiWsEUpjjqXSxhmhTfTRP+ItivuCvtxqUeQXhGfS+m"
    "7gpUXz0RLZJsItktaNVxqBce1Lc8yDwMLvwP6ls+5NmH+pYnbVYE41ibVJcXzwgBM54rbk"
    "k+Kzam8tjkaPwomPFDhyYTw9rvVZARhHD/Pu/4wB8B2dGHIMTdXMdxLPIo6OlEYZLHxyZV"
    "Nnkm+mq3OX6JuEo1C2JSYhObn922iCH6ZFInilChrvjM71zRgWLvs9Qx2rMFuMFsB7O9hT"
    "0IDDcw22H2wWzvgdkOwWxtmuz9L4t+sGCg9ouXWmw6821FCf/KcIuUFARbaARbQFWJDipL"
    "zT3qBnBobBJZKdgqamwVAWSaXHRKBhZuPlAICmUcko2GZmHQPbxPjGWd7uF18nxb6SUMuZ"
    "kn+3O7pc2FC6juZnmnWt2GL0MSNsx+jE6CPOrzkxiTKAsRiSZGYZKkJbIgDTQjIglSxfw2"
    "PWVpqqUgipMEyVza5Tf8YsKoCC8kkitN3zFcwTeb1Gf8ssG1Q4CQh+/E5YnlIpdu2CcHy8"
    "7IG5PIE2/RkqZTOc/PH+8dVTZBH5MJgozM3mZkBgtQxw5IJMagUnVuAiw8VfX8CjMrEgAL"
    "qwa8a5fcW1TVna68IlVaBgpS7V+Qir9qRHPDPfwfaUGIVemzmyOcKj32LSMEHEaR0IyUIg"
    "1Mc2JgVUNS3kFpCiMVeNOQp0jH8AwT2p1ERe5p3Z1JBjFrRWCjGxhE0Nq147nbEwWhERyY"
    "VBEZoo36RmTHET7Wqk9kzLmlz0UsbJ+iG48hRrA7N8VZUXDXCLsE+Q5x5u52zdfCP5Elh3"
    "FBTxIDDpX1mfgoWfbJcuSAeDwKYxaYivM48NXrkBD3YlFCjBzEyEGUVE/MB4iRe8CzDzFy"
    "J23GyMl/C1iWM4nR+BESiRfP6jCJfFQplSiP5fgsRlxdjNMy46PDn51f1ICZjyqvBieO5W"
    "B2bS2Eg+HjA/fi7GmdHsliWPkqlgdz+Zp4qUWHR+OhYUbrDLmJ2VQaOQoPZ1WwaEYOwkU1"
    "wkXJ57XFJ2SfBNqMJHgl+qxYutSTEQpT/uOIe4/tqYG3ioesVM8sP8FeamfPprptxTOgbK"
    "ZzEzvLvYw55QmOZdPBM1brGeM/i5l7zXZWEnbSPs9ymjGtS4emZcBtVu02k1i14Nf5OTrP"
    "MEHd6TBLr6n943ojh4FC3dYI7JUem58TJmokkHca15vBrMwLlsK0pjNsO01Pac1KDjL2Vr"
    "REcZA8h3BPIUc2JAk0EBZExYpoW+FwohtHhtSKeNsJ2rj83ojsoyJibeXCFEdKCj50eDGF"
    "x+vjSYBK8KBEbOnvOUfYONxe8krif08H5vKCd2rLsT0D8SMMyKLjW8yUrKkq5KQU04wMoK"
    "rKVRY7AodJoX5YDna3JZF9Kak817cNOcCBAVvF9YXUaWwc/Xz57urmzeW739SJilcKqvXq"
    "t9vrSyVHoYd8IgO474t7Gb1dAXsps10T9eHQAV2BviIeFtuGjpsnLXN4V8+I0h5CFlMH+5"
    "QIQN8Aeqin0K5iPfTgPCB5a5G8ac6g7mOTlgGDtJrkJVGId0OSNw4VHyaoO0ne9JrqU+z+"
    "zyEcBdYyZt3L6UpJ3NRmJxnxBFkYxvkHlQBkYQB+XbQmdG2LVP+t6Jes4ht1xaGyLETNQ9"
    "z04N7XEDX/kGd/IGw3RM0PQDM7QNS8rhvhCC6EoSxVKLcH5fb6ZK+1VW4vldbcMCpnRGDn"
    "/bEN4ZGm6o9ktAityGrG1ZwWQHotzzQmnDrnRsS6KqNHwjW3gyGZRit8N0tymw6EErUQZW"
    "yV0Boy8VIyguqLsFiAMDWUMVpNT6aMwUoH6wTqDERg9Yo+GYBOOqCwljtyp1RJK/pJxBIj"
    "tKKe1MmJfVKeEvukkBEbbkSKd1tFFEVKCKJXJnsGUgydZwUHaD1KDSJyIculBwZ1kyyXzp"
    "X80C4q0/MTs2mXqp8y1XZr+78ENdPXXIBrnMJ5aVBRCQwHavspCq7LTGsdlT8PaQm0tO6J"
    "rJfuWkvTE5XSLa9oAXRxgZ1WgSgLElc9z7hbM0eGbyKAl/WIb3/ws4GXFWYfvKw94Ahcam"
    "t5WaPxI+QH2m9yAEVtHsKOFGmGGspfSgRM1HzSKNj8YPMPwubPbwItgPqBjcrDmcc0te/1"
    "iUa5MchqTT3izLclHtPciEkVmWIlYzW9p8yjogccdtiGuIK2wOint+9vg3jxOXZdSx5Fqb"
    "v54scy72mTkyl5knRClkt9Ty5jkf9cJEtSZjb0j+tn/7gjpuT1dPdqqLfEj0R9UyoUGKEt"
    "dXF2Vidi9eysokLuWd6cUlZoqHJmq0ozjAHd84s6BYj5qHJb9aJQfnhGje3UxEwRf1Hlzs"
    "6IgUN7sm8ZDA97qm6IpW/DRABiXxS8lkmwoQw7LE/2T4lAsn+DZH+xI+jvIbB9QDwMUI0K"
    "qrFA5RzHRn4vWqCfKEzj4MCkyiKW7dM17GCHbAjz0D22fRLE/gZVF5k/NxEW7dL/pLN/MO"
    "HvF+iyU/TW5lt3IBA0JnOoiBxeK+IKurjA7nztUiv4mErtcc3gjEr7dR3ny9flzpevQ+dL"
    "ucHLr03wSksjSImARtBAIyj12VbRPSMtBXkQ2ifN9vMdS2fNxwKw4pu0WB94jAroY/3Xxw"
    "S9f31PHGUFnPThSt2MiCF16+A4SA5H2JM1sTmcloxjkmGZwdtSUf6mrpTS6xAcF4cZ+Uvh"
    "agAXQ29dDMnU1dVuE4kRsrbPn9ZQcZ8/LVVxxaF87dy/9NZ3KAD61N76lNzJdEvypWTAbZ"
    "bveiiQ0NgiovGwQdTYIPTVT1A7e6p2Fsrp6hh1sQAYdQ2MOpfwn83Uu3+Fmz8jNb52uO3v"
    "WroV0qE6eguLmziGFjcajYfuw61MRW9YBWGAfU9w1o4uHp1U+3ti3rxWcV05/BuZwmlj5v"
    "GbEpmdCDNmLR1iBI24xFHqEDQjC+oS+XFhuXx0QC4wz7LtEpdPN5do4PQ5bm3DHrl92np5"
    "aJeUKce6rKbMGCyM9lOczHAzqM9BRBKHIyHOusL2KAzEwqYq5b8K8lgEMK+PeU/eyK/oMq"
    "igqHgfx8cq38Y2XU5TlRzrvJG5CFfhHGUt+8yxOoXqBUM/QR/ThhAw9v1k7IEvGiVfZHP9"
    "1dbRgWKBEepAdULnywPnC2Hz1LWWliK0pRzcRALQ3YXuijDG34tFeG/J55I3QkpkFPhWbU"
    "TXv95Wsw+ZYOJoeJ6SGHqPQhUhJC47aEKoFxUGekY8t5SoBzR+Z0xMT4ymS9+wPD6XlnOi"
    "MJtSRydVhhMW46ZzMVAjeF3wG6LZF0ZSUh2ArhoEfGJfVvGkwkQCwuvQhNcKz1WAl6eThQ"
    "KQTZZXAKuyyfq0c7+Tdqx63xbHauzaNl3W27J/MSkyLANtZE9Gyv+15ibi4FDfnZOUX8j3"
    "5nRFTtH3lP8OZPH/xCH5s5C4UTZBDjeboyQhVUHTDq+kjJ2dR+84dehsdOlQp5GDBFGXLv"
    "MA4bW9Jevi2a371o8FRmEXQ3DtSFY40M8jp5+D94luoG9WaoRbVvvO+CPWdOoZt9EOU8QI"
    "EymomohmpQDTwhpVpgJXbgTqPOAxbALt6y2xVq+74RYERwh3+z2gckaUNtjAJ9dd2KFdrI"
    "NySmSEi7llX6u11oE2GA3rts6GDP6mQ+BsEA9btlYSQ0oE3NYZc7INtzUQ9w+IuH9HFj7D"
    "9omCt48OTapoezcYVNPRKk9JDBTukgz5jmfZkj6X/L+MUjUxE9+svgmzOIKPWyRUAmQ5E/"
    "FJ9ODhskE34ZXlhCV5M8R9lxf75DxixL0n7pfyVF9GMJyut49PPzmfnEvkZi+PsCE8Asil"
    "G+FF8EyLX0mgKL0EG9fyZO+zjUlcgohET3gcpMPAEvd1x8+1oC4ULuvVe6yc509WpQ4zmk"
    "gBO9prdtQh3oa6dzrPUkpkhGZNB2UQgIAGAro3OxSQpf3ZGYAsBbK0B0gDWTo0stTUBNds"
    "guwDW7sHDmx6YOgevoFu3wBuudWI5HQ04IzHjylSrDU0PWordINSMKPhowmubw1ICKYbJV"
    "0EMUntm9ng+QbP95BxBs93DzzfPfHDXhLXmpsnqvSp4MikMnkqGbPLB1sOfgOnomqneCjp"
    "RA01v3IHYqnFV74Hl5t8Y+CCLp49q7EF81Hl3WnFsZy+vdbSIsLhI0T3vFbv3/OK3r/nxd"
    "6//IoeUZnZ5a+4lAhUBh7Sy+zv/wdUdpAo"
)
