from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
-- Records and their uses come by the hundred thousand. Checking each row's parents cost as much as writing it, and asked
-- about parents that the writer holds: a loader has locked its source, a chunk writes its matches itself and belongs to
-- a job that keeps its sources' records from going. What goes takes its rows along by triggers, one statement for all.
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT conrelid::regclass AS child, conname FROM pg_constraint WHERE contype = 'f'
        AND conrelid IN ('reconciliation_records'::regclass, 'match_records'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.child, found.conname);
    END LOOP;
END $$;

-- With it the uses of a record are found by the two partial indexes alone: those that are active, and those that are not.
DROP INDEX match_records_record;
CREATE INDEX match_records_inactive ON match_records (record_id) WHERE NOT active;
ALTER TABLE match_records ADD CONSTRAINT match_records_confirmed_is_active CHECK (active OR NOT confirmed);

-- EXECUTE: planned anew each time, for one row that goes as for a million.
CREATE FUNCTION remove_records_of_sources() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE 'DELETE FROM reconciliation_records r USING gone g WHERE r.source_id = g.id';
    RETURN NULL;
END $$;
CREATE TRIGGER sources_remove_records AFTER DELETE ON sources REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION remove_records_of_sources();

CREATE FUNCTION remove_uses_of_records() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE 'DELETE FROM match_records u USING gone g WHERE u.record_id = g.id AND u.active';
    EXECUTE 'DELETE FROM match_records u USING gone g WHERE u.record_id = g.id AND NOT u.active';
    RETURN NULL;
END $$;
CREATE TRIGGER records_remove_uses AFTER DELETE ON reconciliation_records REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION remove_uses_of_records();

CREATE FUNCTION remove_uses_of_matches() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE 'DELETE FROM match_records u USING gone g WHERE u.match_id = g.id';
    RETURN NULL;
END $$;
CREATE TRIGGER matches_remove_uses AFTER DELETE ON matches REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION remove_uses_of_matches();
        """


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        DROP TRIGGER sources_remove_records ON sources;
        DROP TRIGGER records_remove_uses ON reconciliation_records;
        DROP TRIGGER matches_remove_uses ON matches;
        DROP FUNCTION remove_records_of_sources();
        DROP FUNCTION remove_uses_of_records();
        DROP FUNCTION remove_uses_of_matches();
        ALTER TABLE match_records DROP CONSTRAINT match_records_confirmed_is_active;
        DROP INDEX match_records_inactive;
        CREATE INDEX match_records_record ON match_records (record_id);
        ALTER TABLE reconciliation_records ADD CONSTRAINT reconciliation_records_source_id_fkey
            FOREIGN KEY (source_id) REFERENCES sources (id) ON DELETE CASCADE;
        ALTER TABLE match_records
            ADD CONSTRAINT match_records_match_id_fkey FOREIGN KEY (match_id) REFERENCES matches (id) ON DELETE CASCADE,
            ADD CONSTRAINT match_records_record_id_fkey
                FOREIGN KEY (record_id) REFERENCES reconciliation_records (id) ON DELETE CASCADE;
        """


MODELS_STATE = (
    "eJztXWtz2zbW/isYf3nTGcVry5dc9p13xk7dxttcOomTtpvtqBAJSawpkiUoK9rd/PcXAO"
    "8kQBESKVH0+bDbWMQhpeeAwDnPueA/R3PXJDY9/kAmPqGzO/eeOEcv0X+OHDwn7B/S6wN0"
    "hD0vvco/CPDYFgJ+OHIU8KHiEh7TwMdGwK5OsE0J+8gk1PAtL7Bc/rSjKxRJISF1jN479g"
    "oFM4I+vr56Ory4RO4EWQFFlBg+CZBF0T3xgmN+d9M12O0tZ7rtjRaO9deCsO89JUzAZ7f7"
    "8jv72HJM8pXQ+E/vfjSxiG3mQLJd937h8ZuIa6Ng5YnPX82w/4MYzb/oeGS49mLu5CW8VT"
    "BznUSE/Rb+6ZQ4xMcBMTOgOQvbjlCOPwq/M/sg8Bck+bJm+oFJJnhhc+i5dPgt0s+ORqN3"
    "7+9GH2/uRqOjklpiiQzA0UeG63CVWk5ABQ5z/HVkE2cazNifZ8Nv4XNSLMJR/IGfrz68en"
    "314cnZ8Dv+QJfNi3DavIuuDMWlb+IWOMDhTQT6KdwzTGdlsK8tB/srOdyxRAHs8SogdBO4"
    "4w9SvNOZvQPAKwC+fvP+mt95TulfdoT49e27qw+/PXl79asAfb6KLr15/+7HeLzn0mDqix"
    "sdXf92d3MldJBizl4Xjs8IB2Xkv2dXAmtO5NjnJQsaMCPR4/gf/dLG3e3bm493V29/zqnk"
    "+6u7G35lmNNG/OmTy8KrkdwE/XJ79xrxP9E/37+7KaotGXf3zyP+nfAicEeOuxxhM4tJ/H"
    "H8UU7N5KtnsdttoOa8JKi502pe0I1e5YxYAwqOtijQb0v6vScrHZMkK7ORUdIxfeatktPh"
    "8xpmCRultEvEtcKmOLNCIOtinAj0D+CmzL4UXZ88MCN+k3UqLwlLVZeXKkooZT9/ZElepE"
    "+fbr+XazgvVdDwYmGZx1y2X1ZG+AaFuspqQfzSb9+4dzq5lzpMEVplgH9wfWJNnZ9I6Dfd"
    "sq+CHYNIMI14gI/pnQ4T2PTT9LX28TJx6gszi/2D/W4ShOv61cdXV9/fHAmox9i4X2LfHO"
    "Uw51fcoVv4JBlbvjQfzoufYAdPBT78h/CvXcBeQs9k1KJmZqJfVpuToWxmPLWcl4I/meC5"
    "Za84feI6JM+yIOyYIamyMAz2DNenMmZm29ut52e+cBvGjzSX2QN+VxI3eotO84vNetrm6H"
    "8nC8fgSkHiSfz/zv/vqHOrz6CCrwHu4FHs5DamwWhDz7IoC6rutKqBJnoUamYXZ8QJLGPD"
    "5VsmDyrvtModEixd/16H1MiINBPM6hSvcXleg9e4PFfyGvxSgTWyLfZSaNFGiQQAXANgII"
    "4ew0oV6mrEPAQqozbUb1NJEMjY9WRsxrOu6y5nRICgqyboOFQNsHOfotscJqRrqbnMhNLl"
    "5bLLRjE/qZBGEsn/8NMHYuPAki4RiqyonuD+rU0W827mu0Eg8CjRmMm1QRWPGUSjahOZhr"
    "twAuJzttHDlDJj1UQ4CMjcC+gAWY7hkzmzr4jJ/i2YR3fpMCCwQ3HIvI3JhL2KgrhMbmBR"
    "xJO4CL+VjO7czUO3SFrTDA9vExnucrra+clJjb2SjVJuluLaGgaUT4Yy2rdOoDD44/EFuK"
    "3w0wNbZ9j3Zf95Ojw9f3b+/Ozy/DkbIr5o8smzChXcvrsr2CJL9juYrch2Q38zXkJ6AyAm"
    "Om3uj23X4K4ZezEsW1fhJWFw7bqm65J1vJ8gqzChJaZJbFqrzRJundY1SRyEDbHGSyyH/L"
    "UtNviDCm4azNY5tkwqApzPIMC50y2oqAeDL5fH7O3chx4OYrXKUSOeuaH285Kg/UPU/gNb"
    "9aW5VUrjPiOxO/P+9EBsezLHMvNO7ZcmAr3zTIcXdSIjbJTSMxXX8viaFvVsvBqJvzVgLs"
    "r1MBA1vLishXdxtcnifVmKRbm2Fs7x+B7ie1oH3lM1uqclcJkDHywkHK4a3lRidwAfcULv"
    "gbS1mbYNckw+juRll2qsS4L9i7O1smR4xPMUwbYKsLNC/QO6+YBmMjuNGXamG5nvilsAt9"
    "Rlez1R2uY5jIpbgN67rHcR7x3pe2slOfDZij6bSN623anlbJr5nRWG16hrr5EGNV+qOdsy"
    "w6J/9Wa5N2dO5mO2sswsb0ucfvbdP4kRvBX36ytaD/yZo8Yw+8xv1z/E2oyOXXmezbP52X"
    "f9iayOJHGywohBVcQMp2N544Ha+TxsLJpjkyDXMQiauD4KZhZFFs+Ps0Oth1WGoVM0EP/G"
    "C9MKuGj4p4F5tyCencP/Yh8/JY7hr8RT+J+ylJ6dPXeLoJ8ur9csn9ch9rT9NlT35F7TSU"
    "8lekjvNe+iL322QhAJwlWtvjJC0O0raz5Cty8w5ruTZ/PRmjoMZoUVkblaaUHQcJyO9eCg"
    "G3N4cXH6QmznwQwHojMB5Vk3zNkIexDIGhhoCG6Tlau5ozS5nXRo926qKEy9e3uLMTM+9f"
    "aWVAa2lk23FrCa2g5s+NYDQ2O0kfUkEYapvulU58FmLWcsEejhRG8+MA1Gam+N1FxHAjcY"
    "4UkgK5Cs1nJOEKIKXdNxRxyRiDk/kngh8aVKF8QLB9XvdO+685eIugufeQ0D9Kc7pqLjmS"
    "C3KScGMQoInkub2+vIQuUAVA5A7njnlj2oHADtQ+VAC1ko+418dcrXaiUtNfvNSjDfka+K"
    "OVsQ22Ha9T7WoJtf73LLT4yonEiIh2c08IpzC3ng+Qr+b9fRmtxZmR1C/unuVVuot8EPb5"
    "TYFOWfSHg1yNcptHYPHZXtkPoobtJXiDwbb5si9zO7RV/h4R7uduj8wx33FZzQ698OHpED"
    "1yeAdkAVRYu2mjBKV/W1tNEos5usZ49+4UFnjDwmwFyuOV4h0+Xto9hH4e3KpFE9EQlX9C"
    "X5iiG/Ezdf+71AIn3JXwE+CfgkYBSATwLtA5902HwSVO63GLvv0AESENZtr9Y2Z0HWtf/y"
    "UtA6GjpxNw1nifcrTdkyutrNuDPZA4cJ7Np+3PkXVd6SuzhzGwAWupzvJWE/5GFlyfoJQ1"
    "uRqJ9SwbWOHiQBz2bxCXMDTPlpguURdQ4IzE9ZTloMUPFTOsPDi0ugM4DOAIcW6AzQPtAZ"
    "faAzID2m3fSYievPZQuVGuFUoocYN08ZTSx2c81JnJXpX1O8VuYxtf5NRkmRV7FybKpcfP"
    "Nyu1t/T9pdf18Mh2dnz4YnZ5fPL86fPbt4fpIsxOVLVSvy9e2PfFHOKaK8Ske+h8YUTyX6"
    "N8GbPxrSXIQtZ8jIneg4cUW5Ldy5jiHeDCl5GJ14D3j3890l5UdWSut51atyTgwW5c0WZQ"
    "Gi7WJTXk29Bv1UEPDfAn+fcIpuIw1kRUEHm+lgjj2Pf6sS+v/4+P6dHPuMSJGBsYwA/RfZ"
    "Fm0N/Qz3Ml5YdmA59Jg/dh/UC4cox7qUqgKKBQCFDZffoFgVwKCggbzBplolOaFuKIU/rz"
    "dK8XyXu5w6KsmIgEIaV4hJAmLIS5bUKskJdUMpvVq62JRn8Mw135JYZCuFHI7z1QryPnmw"
    "NEn1rAiw6kWzKDrRWQPPjERvbNHmci6JsFA0G4TlpYAGW0+DxdHxseQIcDUJlpcCCqy0q0"
    "GyI2TndSaPrE52Xp16Z2O2cO4bKeJ9xe/UI8QLW1fSBmpbnD6Qnk3NAlAiZW87oD6Im/QV"
    "IptMghHUPldNIms6A4h2Wv2cXcOVWcDJEr8uFXiUbivrE4JP0VvrWrS3c9DCCwMqiLNm5c"
    "zg6qHSOufoC4X7pLMQtdvFKmetXOCqgITUzpN4ftGOvl0acJseyg6jEOr84EhbJQ0o4U8F"
    "dud8t6+FxvzvsWtKPMKqhtGxBHSJHmzaJTq7/NR1G3NC4DVWe400KVDZ0mnsXS+iQcFnzE"
    "2r7lUfRY6R0vpIHae15kfGXavXtXcZttflpkR4+McSU+S4AQptjIFoxLucSQ8O05SuU8iU"
    "05R28xWwUHZlodiWrHFfFf6xRJ8MlB0nq0RglmBXd6lMJfoQPqgqA2qjQ6XBllmdgE08vo"
    "eZn83HauaEUrYp6szmjEgvIN71fH7ANt9/OWYaszov1Qvg2z6rCHwf8H3A91nj+0SxDonX"
    "k0ZB1P4OD7c4hmVb4TnLmeiLlt8TonOM/sBzd+EEfyCLIvKVSQ94N0mm6/D8kT+Mhe8Tx1"
    "j9wVyaAM3ZXEUvkEkMa84egZ5wdf2N/ynOhv/bycnJ8LtKj6nt58IpKR1ZwwYVThS0gXjM"
    "jQCgDcRj1j60gThqtqvlUo+OigSAjdq8fA2Srpudw9xOKINZUc8Rjd99KUePSgdC+1uyA4"
    "c2tiLZPREqYh9KHUfSvaJYv795dfv26s2Ts+eDFwJtpgUr9CRjPZyflDKyI/9Fi0bNyPSB"
    "ti6wTXXIJjXXVOr8gGVnMXP7UbloSIvyslbj4UFcNW2ZtVfauSaEzzAt8jkn1IdpuWv2GU"
    "hRIEX3QYrGX6A5VjTX+nfLTN23ODBm/Uv7bpM4FieDSWjj+MSwitOJ4mPJ1nPEr90lCpZu"
    "fCo1wj5Bc64rYv4dBTOCHLIkNECRV14meze5wWatfoHJBSYXuDxgckH7wOQePgsGDX1bPu"
    "/aNRZzIqO8KpjGjAywjVuwjTNMZzqTOx7fw8ndfEah61tTS7IOq+FNJXoIcPPNOqEVBLSC"
    "6FJqW1OtICJ7rIEDyz+nll1PMM8tALsqTO8mU757liueTgqyKzPbqjmvUXaG18mPjMaHuY"
    "r8DgPkEPYhMmbYYV9XlttYS0Z+Ijf/iuFLHLtGWxWqA8cFHBewHMBxgfab0j5wXEeNZnoB"
    "B7M/DgYIxnYJRuC4oMPp/pcOnQ6nqftRm9NKRYDQWkNoRVkZ27JZ0W0OE9L1VFY6obpUo8"
    "npGgn5ELE4taszY96oVmnmwuFlkWE78T/QhKdc0pcIo6Xr3xMfLWcuJSi6zssmebsZnk8T"
    "pg0HyHUIWvpWQMSlGdOOtBKzpcdsflq36I6Z5qWJz8J+kIUPoyPGIO9nV1sFcCI70cPBec"
    "XAiTxm7QMnctQkJ5KNU2hgWhTbCNiOuTWtQKvrlueE+lDv0rZrLgDbhNkrCcJRUJuze3Bi"
    "b8tJQHA0VKNrcwQOHVHLEf1bA19C7a3DtiQOQJeaZwJz2sbx6P5mDlBesgEH6HDwPThHZ2"
    "I5Fp1tpOaCKOi5y3q2HG8hO+lJbbmmEnCcbOOWrMF7jGipI5UAdbTiWDD8LENLJXkpUEvj"
    "avF8l1/WUkpWBnzt7bEfGQv/Qfd0+IJkN16NXh0SD+eR7+88cjjv+WgHlGshZF7CWu3Xly"
    "Uhj6craVEdm8QNoQm1k82DWkyP0UBWIgrwQmnqLktTFTtZA/j2qn+bDN7y9r0e4uwbDxiv"
    "x1iyQq4HebfZvt20FDZO9mXPR+8+vXlTr2o9PWk6D7ZmOXZytHVPpnFuOoYN95po0dgnhF"
    "rOGFeepZ6dberc8T/dsdYp6ldIjOZ158yUYQjS8ChSi4r87IA4L5HlUMLjjfxwHZHEzSX+"
    "hyJ3yf72sUOxIIIGiLqhsMPTu9M7oGBpGZJj2Xf8bGn1PMcrMmAxpSMx2fhf4jlw4nuXDk"
    "9QJ5LnVVc39zEn1KejLJrL+ojXm5qQJuMBTXWykgaee8n9OiBElQaKEtGMBCAqq633Xc8j"
    "ks1MiWhGAtLminCm1kVdZi1jjwChVkmo/RmWUW7pK9drqdVRQNf6yuls6lJdbOgSSlycxF"
    "dU+zeZBXy9cxOeDCDOAh27wQxRiw0I3YQxsV1nimJnYICwY6LlbFX2Uja9CRwi2pE1pMpz"
    "gBLUx5yzCSWoj1n7UILaqK0LMfo2Eh/2xGx1LDbU+FzlCOm2MssJ9S/BrJV2ZrtlELuGb8"
    "Oz9p79Dp0JG4/fXWUuczO5xzNi/2nLAmm7QhdKoFsG+DAOmjhiAFgHPIu5PyBxaqrOZU5k"
    "HuGxzKfDwVntY5nn2JfO4Ep0UyGAtw68I93driDWPwPteY1F4rlyjXheakUxH1vThRVonS"
    "6eE9rhauwcsEUx9d2FpwNyItC/Odx8FYtpTZTnkVcuyHnBR7gonz0fvKi9KIeNOw2txSIr"
    "07+pfFZjJp8pJ/KZtAEWtBlrebXAlFpTh+jWuxTEoDyrsAazVdLU7g6UlwJM5Zjqx6bykt"
    "A1pssxKJ9gKgtB3ZGvCoY0lejDel+ly5tf73JqLNWWJ6p88/7dj/HwYsF5/q0KcwAYnHMP"
    "+7I8N3V1v0QU2i5UK2iT4v+Fw1AbyRwmtWpyQtB6YXP0IV8R8hUPM18xk9RDGylZC9P+eo"
    "R1q4VrWchUiZ0pomvSO0d+mHIphq5N8rybEcR0Hp6cGkqi8Yr9W9zrGH0SekFs0w4sbKMo"
    "/xLNXNsMszgTKYvyG5nIdWTVai0951/Ov5xfLDYNFwGahKsBuicrGhe88dTFMWbPfTK3pr"
    "6Yuej8u5f8iJX4BBUsvhd/EP83zwELH3hPiEfDrycyU6PH82xUZUVcIUX1S6QRfnoKFL91"
    "svgN9uwGvW6e3K1DwMXjexj5v6jBvV0oqbeLEvPGvBZZm7tr17UJdhS8WyJUAHjMpNpCOF"
    "5CdjtJr9+/f5Oz569vi/7sp7fXNx+enBY4e0nZputMLH8uc28r0c7J7RDw5JODRTzZJDVW"
    "4awMrMOlHoDcVNHtSpUVAkir3dF5XGu1pUPap/4e8RfI+aTZ97RGn6TEydkS1175n1Jgc6"
    "9rl+oTbxx+DojEjQ0vDKocWJ4kvuQ/i7CxVt1CxStk+MRkIsxzfIkowb4x43dE4TdOmp+w"
    "vdsfsOtsdCBcOsflDqDr2Cs+xgooIo7hrzzeMSWqVqHSxistP66OZ/nA513mGE8oh4RyyO"
    "bCI1AQB+WQoH0oh9xXsY5uddlWhWVdswF3UFm2oMTXxTgr04fsiQJhdzqsQ9mdDtWkHb9W"
    "gNm3tRAOh/cP3OHJeZ38ez5MPYvFxTy+AZ5qnb4Sj4fUk9y+2kTywwzTkXBwNGnTnBzQph"
    "q0KfnqWUwhGxiceUnIceyyYem7gQhbj9iPI/4DtkcmXuk07VPfAKrEyy9VSNeMjBl2ppud"
    "Liq7wb58OnjHar1j7GdteMhoXhJW0i5rOcuY1qVDszIQE6uOiQmsGojdfI7vc5igrk3TzM"
    "6pzRM144CBxNzWSNYUMZnPKRPVE8hbzdbMYaaKc2UwrRnuWo2yKq0T9YrGi5xKB4l7DJBD"
    "2McoMj+O0Q02Zoj5WAiLXEieHMnH8+CTu3QGaOlj3oCY52LyoJWYm3yQLOzV+vOkZwyE2I"
    "SvS8yZbnWyQGeDX+JJ/P/ODyzwBTtrwwk8BxJNOCC/ji0xI+K5sqQdJaY5GUBV1vCerwgM"
    "JokRYjnYX8lxzUoVGb9VxAQeGLBVjF9EoCYu0uerD9e3764+/CYvxbyWEK7Xv93dXEmZCj"
    "3kUxnAfVPcVSR3BexKfrsm6odDCrQF+pwEmC8bOsGerMzuAz77wb+V0E5k3OtgnxEB6LeA"
    "nnmArq/bbiUjA31BClP5wFP0gOqtRfVmOYO6r01WBhzSaqqXxKncW1K9SUr4YYK6lurNzq"
    "ku5eh/juAocZcJ964mLQVxU5ujpCTg/F+Uzx9WVnPij7LnIo+4nk3QHK94DbaMctQVr5M5"
    "nz80AXLnO0EhHvrGDNnTkDsP2ofc+Q6QspA7327uvG4YYQ8hhEOZqnDqVfu+WoRWA97az+"
    "mdDhPYtf5afmZtnpyTKV/eMjenR2AX47FbwiNc1Z9IbxGak/mYmTkNgPRW3KlPOLXOjfB5"
    "paJHojm3hiEZxTO8ViZXnAYV51ZxkyGXLCUyqZ5G/QK4n6HK0dr8TtLsq2yaTmjIQO5Vp4"
    "iTA7BGDyih5Z7cS43RimMCE4ke+k9ndWpiz9QlsWelithoIZLsahX5ExkhyFsZbJhCcegM"
    "K4Q+65FpkIsLVS4dcKW3qXJp3byPPCKVhZ86TOuM/IyTtt7O/yXsY+0xAWZx8rCl6fJOYD"
    "i02v+OorvNLC9uIhYREmhqPRCK+Dl+ZaO/uduu9QB4C5Ckm3UuqJq7cvjuAMRS97jTQzQN"
    "YqmgfYildoAP8F1bK5Yaj+8hF9D80b7QwOYxrEixZahh/GVEwB0tloaCfw/+/UH498VFoA"
    "FQP9FexTGLmGbWvS5RJrcmmXtuwA8jV8RFCyMGVcSJlY7ViJHy88NowOaLibBDl8RHgYsw"
    "+vn9x7swK9zAvm+JqyjzbZ7+JAuTbnszKU+SLbvy3UUgpjGvci6TJRk3G84F6+a5YHssvO"
    "vo6rWl3ZK8EvVdqUigh77U8OSkTl7qyUlFN9yTojsl7cNQFbiWNWDoA7qnwzrNhtkota86"
    "LLUaHrvmajTDVJJrURW6zolB8HqwabOLAAcLna6nqQDkuUh4rRnBpjS5UF3SnxGBkv4tSv"
    "r5iqC/hsDyAbkvQDVKqMYSlbMfH/kj22/IkcQ1Di8MqjxivlfVPeuMu64OWRIaoAdsL6ID"
    "tUW+L4/4M3GC5y95gJ8DS4/Re5ut2uFYirBP+ClkbLwXyN3iBu+9vhZb6fvu05Tdr/ObM2"
    "Rf1Am5vFCHXF5EIRe1mxvqVMsOyIiAHbCFHaCM1FaRPD1t87gTsifL8bMVS2fOJwIw47eY"
    "8YeemQJWWPetME7q3zwQR9rdJnu50iIjfEjd6i0HieEIB6LNtWdjg4T5l+FWKSnTqiUijT"
    "KE1/llSv6ShBYgpNDZkEKqurp2bSrRQ5b28ryGcXt5rjRu+aViR9y/9OZ3JACW1MaWlFjG"
    "dBvtZWQgTFY80ZAjobFExONhgaixQOgbnmBwdtTgLDXJ1XHnEgFw57Zw53zCfjaVr/4VYf"
    "2cVP+Oum1+1dLtew49zxuY3MQxtVjReDycLNyIKjrDJ3AH7DXBeT+6fHVQHd9JGPNaLXOj"
    "OAsv1LQxDdiX4vWboljTQe4iGCDsmOKy6xA0JhPXJ+LPieWz4SG1QAPLthWBnpaesUXAZ7"
    "89CzsU8mlq+9BuGKPGWtUxpg8+RvNFTbNoOajPQsQSu6MhTtrCdi8cxMR2ZeZ/FeSJCGBe"
    "H/OO7Mlv3GnYGVGyIyfXKvdj252OMh0a6+zJTIQZcbLuC4VrdRrQc45+gL5kXSHg7LvJ2Q"
    "Nj1EvGyGb2q61jAyUCPbSB6iTLq1PlS4nyrm9NLUlaixrcVALQXYfunFDK9sUyvHfkq2JH"
    "yIj0At+qhejm17tq/iGXPhwPL5ISh372oIwS4o89aEqoEz0FOkY9N1SaB0R+a0xMR5ymq4"
    "VpBUyXlnMkcZsyVwdVjhPm40YGH6iRrs75jTCVXEjK885lg4BP7MosHlS4SEB47ZrwmmND"
    "Bri6gCwSgPqxogFYVT/WpZX7g/Bj5es2v1Zj1bbdab0l+5eZi0zLREtx1qLL/msZMxTMmE"
    "rCoNDMXSIrQIRp3zxGr132K5DF/seviR+F+NekA+QwpzkuD5K1LW3tOdLMWSPe3+SJs0z7"
    "7sI3SGTPiEGcpMs2dYDk2s4SdYl26+74iUAvfGJIre3JDAfquefUc7if6Kb55qV6uGQ1TJ"
    "PusX1Tx0iNZigiSiivO9VENC8FmJbmqLT+t3IVkBf/9mEFaN5oSUx63dW2JNhDuJs/2qng"
    "QWmDDURy3YntLgLD1SM4MyI9nMwNWw+WpwNtOBrmbZ0FGQJNu8DZJAG2bK36hYwIxKtzvm"
    "QT8Wpg7B8TY098y5gdyfj68Mqgkq1Px6yj6tX4bxE5la3Nj4XD3rK9ppqdVvZ6Uu966k5P"
    "fTDYhhcXNTY9NkrdAJlfKzjUnpbdFg3vIbqntdpLn1a0lz4tt5dmTwyixjl1jYqMCBSjHl"
    "IF5Lf/B1NMtXk="
)
