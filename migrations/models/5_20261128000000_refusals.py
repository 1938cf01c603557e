from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
        CREATE TABLE IF NOT EXISTS "refusals" (
    "key" VARCHAR(64) NOT NULL PRIMARY KEY,
    "minute" TIMESTAMPTZ NOT NULL,
    "network" VARCHAR(64) NOT NULL,
    "actor_type" VARCHAR(16) NOT NULL,
    "actor_id" UUID,
    "action" VARCHAR(64) NOT NULL,
    "resource_type" VARCHAR(32) NOT NULL,
    "resource_id" VARCHAR(64),
    "outcome" VARCHAR(8) NOT NULL,
    "home" VARCHAR(64),
    "chain" VARCHAR(64),
    "version" INT,
    "count" INT NOT NULL,
    "told" INT NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "session_id" UUID,
    "ip" VARCHAR(64),
    "request_id" VARCHAR(64),
    "details" JSONB NOT NULL
);
COMMENT ON TABLE "refusals" IS 'Refused requests, until the audit holds them: as they come in, and then counted by minute (server/audit/refusals.py).';
        -- "anonymous" has nine letters. The view stands on the column, and is made anew as it was.
        DROP VIEW password_audit_log;
        ALTER TABLE "audit_log" ALTER COLUMN "actor_type" TYPE VARCHAR(16);
        CREATE VIEW password_audit_log AS
            SELECT id, substr(chain, 7)::uuid AS vault_id, seq, at, actor_type, actor_id, session_id, action,
                   resource_type, resource_id, outcome, ip, request_id, details
            FROM audit_log WHERE chain LIKE 'vault:%';"""


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        DROP VIEW password_audit_log;
        ALTER TABLE "audit_log" ALTER COLUMN "actor_type" TYPE VARCHAR(8) USING "actor_type"::VARCHAR(8);
        CREATE VIEW password_audit_log AS
            SELECT id, substr(chain, 7)::uuid AS vault_id, seq, at, actor_type, actor_id, session_id, action,
                   resource_type, resource_id, outcome, ip, request_id, details
            FROM audit_log WHERE chain LIKE 'vault:%';
        DROP TABLE IF EXISTS "refusals";"""


MODELS_STATE = (
    "eJztXWtz4zay/Ssof7mTKsWxZXtee+tW2RMn4808Uh7PJNlJSoFJSGJMEQpBWaPdnf9+Af"
    "BNAhQhkTJF94dkbBFNyqdBoPv0A/85mFGbuOzwmox9wqY39I54By/Rfw48PCP8B+X1ATrA"
    "83l6VXwQ4FtXCvjhyFEghspL+JYFPrYCfnWMXUb4RzZhlu/MA4eKpx2co0gKSalD9N5zVy"
    "iYEvTh9fm3w7OniI6REzDEiOWTADkM3ZF5cCjublOL397xJtveaOE5fy8I/94TwgV8frvP"
    "f/CPHc8mXwiLf53fjcYOce0cSC6ld4u5uIm8NgpWc/n5qyn2f5CjxRe9HVnUXcy8vMR8FU"
    "ypl4jwv0V8OiEe8XFA7Axo3sJ1I5Tjj8LvzD8I/AVJvqydfmCTMV64AnohHX6L9LOD0ejd"
    "+5vRh8ub0eigpJZYIgNw9JFFPaFSxwuYxGGGv4xc4k2CKf/1ZPg1fE6KRThKPPDT+fWr1+"
    "fXT06G34gHUj4vwmnzLroylJe+ylvgAIc3keincE8xm5bBvnA87K/UcMcSBbBvVwFhm8Ad"
    "f5Dinc7sHQBeAfDFm/cX4s4zxv52I8Qvrt6dX//25O35rxL02Sq69Ob9ux/j8XPKgokvb3"
    "Rw8dvN5bnUQYo5f10EPiMclJH/nl8JnBlRY5+XLGjAjkQP4x/6pY2bq7eXH27O3/6cU8n3"
    "5zeX4sowp4340ydPC69GchP0y9XNayR+Rf96/+6yqLZk3M2/DsR3wouAjjy6HGE7i0n8cf"
    "xRTs3ky9zht9tAzXlJUHOn1bxgG73KGbEGFBxtUaDflvR7R1YmJklWZiOjpGP6zFslx8Pn"
    "NcwSPkprl8hrhU1x6oRA1sU4EegfwE2ZfSm6PrnnRvwm61ReEpaqLi9VjDDG//yRo3iRPn"
    "68+l6t4bxUQcOLhWMfCtl+WRnhGxTqKqsF+Zd+/Sq80/Gd0mGK0CoD/AP1iTPxfiKh33TF"
    "vwr2LKLANOIBPqR32k9g00/T19rHy8SpL8ws/gP/u0kQruvnH16df395IKG+xdbdEvv2KI"
    "e5uEKHtPBJMrZ8aTacFT/BHp5IfMQfIr52AXsFPZNRi56Zif6y2pwM4zPjW8d7KfmTMZ45"
    "7krQJ9QjeZYFYc8OSZWFZfFnUJ+pmJltb7een/ksbBg/0lxmD/hDS9yYLTrNLzbraZuD/x"
    "0vPEsoBcknif+d/t9B51afQQVfA9zBo9jJXcyC0YaeZVEWVN1pVQNN9CjUzC9OiRc41obL"
    "t0oeVN5plXskWFL/zoTUyIg0E8zqFK/x9LQGr/H0VMtriEsF1sh1+EthRBslEgBwDYCBOH"
    "oMK1WoqxH3EJiK2tC/TSVBIGPXk7EZz7quu5wRAYKumqATUDXAzn2MbrOfkK6l5jITypSX"
    "yy4bxfykQhpJJP/DT9fExYGjXCI0WVE9wf1rmyzmzdSnQSDxKNGYybVBFY8ZRKNqE5kWXX"
    "gB8QXbOMeMcWPVRjgIyGwesAFyPMsnM25fEZv/LJlHuvQ4ENhjOGTebsmYv4qSuExu4DAk"
    "kriIuJWK7tzNQ7dIWjMMD28TGe5yutrp0VGNvZKP0m6W8toaBlRMhjLaV16gMfjj8QW4nf"
    "DTPVtn+Pfl/3w7PD59dvr85Onpcz5EftHkk2cVKrh6d1OwRZb87+C2It8N/c14CeUNgJjo"
    "tLl/61JLuGb8xXBcU4WXhMG165quS9bxwwRZpQmtME1i01pvlgjrtK5J4iFsyTVeYTnkr2"
    "2xwe9VcNPits6hYzMZ4HwGAc6dbkFFPVhiuTzkb+dD6GEvVqscNTK3N9R+XhK0v4/av+er"
    "vjK3SmvcZyR2Z94f74ltT2ZYZd7p/dJEoHee6fCsTmSEj9J6pvJaHl/bYXMXr0bydwOYi3"
    "I9DEQNz57Wwru42mTxflqKRVHXCOd4fA/xPa4D77Ee3eMSuNyBDxYKDlcPbyqxO4APBKF3"
    "T9raTNsGOSYfR+qySz3WJcH+xdlaWTLmZD7XBNsqwM4K9Q/o5gOayey0ptibbGS+a24B3F"
    "KX7fVEaZvnMGpuAXrvst5lvHdk7q2V5MBnK/psMnnbpRPH2zTzOysMr1HXXiMDar5Uc7Zl"
    "hkX/6s1yb86MzG75yjJ15lvi9LNP/yJW8Fber69o3YtnjhrD7JO4Xf8QazM6dj6fuyKbn3"
    "/Xn8jqQBEnK4wYVEXMcDpWNB6onc/Dx6IZtgminkXQmPoomDoMOSI/zg21HlYZhk7RQP6M"
    "F7YTCNHwVwuLbkEiO0f8xj/+lniWv5JPEb+qUnp29twtgn6mvF6zfF6H2NP221DdkTtDJz"
    "2V6CG917yLvvT5CkEUCFe1+soIQbevrPkI3b7AmO9Ons0HZ+JxmDVWROZqpQXBwnEm1oOH"
    "Lu3h2dnxC7mdB1McyM4ETGTdcGcj7EGgamBgILhNVq7hjtLkdtKh3bupojD97j1f3HLj02"
    "xvSWVga9l0awGrqe3Ahu/cczRGG1lPCmGY6ptOdRFsNnLGEoEeTvTmA9NgpPbWSM11JKDB"
    "CI8DVYFktZZzghBV6JqOO+KIRMz5gcILiS9VuiDzcFD9TveUzl4iRhc+9xoG6C96y2THM0"
    "luM0EMYhQQPFM2tzeRhcoBqByA3PHOLXtQOQDah8qBFrJQHjby1Slfq5W01Ow3K8F8Q75o"
    "5mxBbIdp1w+xBl3+epNbfmJE1URCPDyjgVeCW8gDL1bwf1PPaHJnZXYI+cebV22h3gY/vF"
    "FiU5R/ouDVIF+n0No9dFS2Q+qDvElfIZq7eNsUuZ/5LfoKj/Bwt0Pnn/S2r+CEXv928Mgc"
    "uD4BtAOqKFq09YRRuqqvpY1Gmd1kPXv0iwg6YzTnAtzlmuEVsqloH8U/Cm9XJo3qiSi4os"
    "/JVwz5nbj52h8FEulz/grwScAnAaMAfBJoH/ik/eaToHK/xdh9hw6QgLBue7W2OQuyrv2X"
    "l4LW0dCJu2k4S7xfacqW0TVuxp3JHthPYNf2486/qOqW3MWZ2wCw0OX8QRL2Qx5WlayfML"
    "QVifopFVzr6EESiGwWn3A3wFafJlgeUeeAwPyUFaTFABU/ZVM8PHsKdAbQGeDQAp0B2gc6"
    "ow90BqTHtJseM6b+TLVQ6RFOJXqIcfOU0djhNzecxFmZ/jXFa2UeM+ffZJQUeRUrxybaxT"
    "cvt7v196jd9ffFcHhy8mx4dPL0+dnps2dnz4+Shbh8qWpFvrj6USzKOUWUV+nI9zCY4qlE"
    "/yZ480dD2ouw5QwZ0bGJE1eU28Kd6xjizZCS+9GJd493P58umTiyUlnPq1+Vc2KwKG+2KE"
    "sQXYptdTX1GvRTQcB/C/x9Iii6jTSQFQUdbKaDGZ7Pxbcqof/PD+/fqbHPiBQZGMcK0H+R"
    "67DW0M9wL7cLxw0cjx2Kxz4E9SIgyrEupaqAYgFAYcMVNyhWBXAoWKBusKlXSU6oG0oRz+"
    "uNUuY+FS6niUoyIqCQxhVik4BY6pIlvUpyQt1QSq+WLj7lOTwzw7ckFtlKIfvjfLWCvE/u"
    "HUNSPSsCrHrRLIpOdDbAMyPRG1u0uZxLIi0UwwZheSmgwdbTYHF0/FZxBLieBMtLAQVW2t"
    "Ug2RGy8zqTR1YnO69OvbM1XXh3jRTxvhJ36hHiha0raQO1LU7XpGdTswCUTNnbDqhreZO+"
    "QuSScTCC2ueqSeRMpgDRTqufs2u4Ngs4WeLXpQKP0m1lfULwMXrrXMj2dh5azMOAChKsWT"
    "kzuHqoss45+kLhPuktZO12scrZKBe4KiChtPMUnl+0o2+XBtymh7LDKIQ+PzjSVkkDWvhT"
    "gd053+1roTH/+5baCo+wqmF0LAFdogebdonOLj913cacEHiN1V4jSwpUtnQae9eLaFDwGX"
    "PTqnvVR5FjpLU+UsdprfmRcdfqde1dhu11hSkRHv6xxAx5NEChjTGQjXiXU+XBYYbSdQqZ"
    "cpoybr4CFsquLBTXUTXuq8I/luiTgbLjZJUIzBLs+i6VqUQfwgdVZUBtdKi0+DJrErCJx/"
    "cw87P5WM2MMMY3RZPZnBHpBcS7ns/32BX7r8DMYFbnpXoBfNtnFYHvA74P+D5rfJ8o1qHw"
    "etIoiN7fEeEWz3JcJzxnORN9MfJ7QnQO0Z94Rhde8CdyGCJfuPRAdJPkug7PH/nTWvg+8a"
    "zVn9ylCdCMz1X0AtnEcmb8EeiJUNd34ld5Nvx3R0dHw28qPaa2nwunpHRkDRtUOFHQBuIx"
    "NwKANhCPWfvQBuKg2a6WSzM6KhIANmrz8jVIum52Dgs7oQxmRT1HNH73pRw9Kh0I7W/FDh"
    "za2Jpk90SoiH0odRhJ94pi/f7y1dXb8zdPTp4PXki0uRac0JOM9XB6VMrIjvwXIxo1I9MH"
    "2rrANtUhm/RcU6nzA1adxSzsR+2ioSzKy1qN+wdx1bTl1l5p5xoTMcOMyOecUB+m5a7ZZy"
    "BFgRR9CFI0/gLNsaK51r9bZuq+xYE17V/ad5vEsTwZTEEbxyeGVZxOFB9Ltp4jfk2XKFjS"
    "+FRqhH2CZkJXxP4HCqYEeWRJWIAir7xM9m5yg81a/QKTC0wucHnA5IL2gcndfxYMGvq2fN"
    "41tRYzoqK8KpjGjAywjVuwjVPMpiaTOx7fw8ndfEYh9Z2Jo1iH9fCmEj0EuPlmndAKAlpB"
    "dCm1ralWEJE91sCB5Z9Sy64nmOcWgF0VpneTKd89yxVPJw3ZlZlt1ZzXKDvD6+RHRuPDXE"
    "VxhwHyCP8QWVPs8a+rym2sJaM+kVt8xfAljl2jrQrVgeMCjgtYDuC4QPtNaR84roNGM72A"
    "g3k4DgYIxnYJRuC4oMPpwy8dJh1OU/ejNqeVigChtYbQirIytmWzotvsJ6Trqax0QnWpRl"
    "PQNQryIWJxaldnxrxRrdLMhSfKIsN24n+isUi5ZC8RRkvq3xEfLaeUERRdF2WTot2MyKcJ"
    "04YDRD2Clr4TEHlpyrWjrMRs6TGbn9Ytu2OmeWnys7AfZOHD6IgxyPvZ1VYBnMhO9LB3Xj"
    "FwIo9Z+8CJHDTJiWTjFAaYFsU2ArZjbk0r0Jq65TmhPtS7tO2aS8A2YfZKgnAU1ObsHpzY"
    "23ISEBwN1ejaHIHDRszxZP/WwFdQe+uwLYkD0KXmmcCctnE8ur+ZA5SXbMAB2h98987RGT"
    "uew6YbqbkgCnrusp4db75QnfSkt1xTCThOtnFL1hI9RozUkUqAOlpxLDh+jmWkkrwUqKVx"
    "tcx9Ki4bKSUrA7729tiPrIV/b3o6fEGyG69Grw6Jh/PIH+48cjjv+WAHlGshZF7CWu/Xly"
    "Uhj6craVEdm8QNoQm1k82DWkyPMUBWIQrwQmnqLktTNTtZA/j2qn+bCt7y9r0e4uwbDxiv"
    "x1ixQq4HebfZvt20FDZO9uXPR+8+vnlTr2o9PWk6D7ZhOXZytHVPpnFuOoYN95po0dgnhF"
    "rOGNeepZ6dbfrc8b/ordEp6udIjhZ159yU4Qiy8ChSh8n87IB4L5HjMSLijeJwHZnELST+"
    "hyG65L/72GNYEkEDxGgo7In07vQOKFg6luJY9h0/W1k9L/CKDFjM2EhONvGbfA6c+N6lwx"
    "P0ieR51dXNfcwJ9ekoi+ayPuL1piakyXhAU5+sZIDng+R+7RGiWgNFi2hGAhBV1db7dD4n"
    "is1Mi2hGAtLminCm1kVdZi1jjwChVkmo/RWWUW7pK9drqdVRQNf6yuls6lJdbOgSKlycxF"
    "fU+zeZBXy9cxOeDCDPAr2lwRQxhw8I3YRb4lJvgmJnYICwZ6PldFX2Uja9CRwi2pE1pMpz"
    "gBLUx5yzCSWoj1n7UILaqK0LMfo2Eh8eiNnqWGyo8bkqEDJtZZYT6l+CWSvtzHbLIHYN34"
    "Zn7R3/O0wmbDx+d5W53M0UHs+I/9OWBdJ2hS6UQLcM8H4cNHHAAXD2eBYLf0Dh1FSdy5zI"
    "PMJjmY+Hg5PaxzLPsK+cwZXopkIAbx14R6a7XUGsfwba8xqLxHPtGvG81IpidutMFk5gdL"
    "p4TmiHq7G3xxbFxKeLuQnIiUD/5nDzVSy2M9aeR165IOcFH+GifPJ88KL2ohw27rSMFous"
    "TP+m8kmNmXyincgnygZY0Gas5dUCM+ZMPGJa71IQg/KswhrMV0nbuDtQXgowVWNqHpvKS0"
    "LXmC7HoHyCmSoEdUO+aBjSVKIP632VLi9/vcmpsVRbnqjyzft3P8bDiwXn+bcqzAHgcM7m"
    "2Ffluemr+xWi0HahWkGbFP8vPI7aSOUw6VWTE4LWC5ujD/mKkK+4n/mKmaQe1kjJWpj21y"
    "OsWy1cy0KmS+xMEV2T3jnyw5RLOXRtkufNlCCu8/Dk1FAS3a74z/Jeh+ij1Avim3bgYBdF"
    "+ZdoSl07zOJMpBwmbmQj6qmq1Vp6zu/e794vDp+GiwCNw9UA3ZEViwveROriLebPfTJzJr"
    "6cuej0m5fiiJX4BBUsv5d4kPhZ5ICFD7wjZM7CryczU6PHi2xUbUVcIUX1c6QRcXoKFL91"
    "svgN9uwGvW6R3G1CwMXjexj5P6vBvZ1pqbezEvPGvRZVm7sLSl2CPQ3vlggVAL7lUm0hHC"
    "8hu52kF+/fv8nZ8xdXRX/249uLy+snxwXOXlG2Sb2x489U7m0l2jm5HQKefLK3iCebpMEq"
    "nJWBdbjUA1CYKqZdqbJCAGm1OzqLa622dEj71N8j/gI5nzT7ntbok5Q4OVvi2iv/Uwls7n"
    "XtUn3ipSfOAVG4seGFQZUDK5LEl+LPInysU7dQ8RxZPrG5CPccXyJGsG9NxR1R+I2T5id8"
    "7/YH/DofHUiXzqPCAaSeuxJjnIAh4ln+ai46pkTVKkzZeKXlx9XxLO/FvMsc4wnlkFAO2V"
    "x4BArioBwStA/lkA9VrGNaXbZVYVnXbMAdVJYtGPFNMc7K9CF7okDYHQ/rUHbHQz1pJ64V"
    "YPZdI4TD4f0Dd3h0Wif/XgzTz2J5MY9vgCdGp6/E4yH1JLevNpH8MMVsJB0cQ9o0Jwe0qQ"
    "FtSr7MHa6QDQzOvCTkOHbZsPRpIMPWI/7HEf8euyMbr0ya9ulvAFXi5ZcqpGtG1hR7k81O"
    "F1Xd4KF8OnjHar1j/M/a8JDRvCSspF3WcpYxrUuHZmUgJlYdE5NYNRC7+RTfZz9BXZummZ"
    "1TmydqxgEDhbltkKwpYzKfUiaqJ5C3mq2Zw0wX58pgWjPctRplVVon6hWNlzmVHpL3GCCP"
    "8I9RZH4coktsTRH3sRCWuZAiOVKMF8EnuvQGaOlj0YBY5GKKoJWcm2KQKuzV+vOUZwyE2I"
    "SvS8yZbnWyQGeDX/JJ4n+nexb4gp214QSePYkm7JFfx5eYEZlTVdKOFtOcDKCqangvVgQO"
    "k8IIcTzsr9S4ZqWKjN8qYgL3DNgqxi8iUBMX6dP59cXVu/Pr39SlmBcKwvXit5vLcyVTYY"
    "Z8KgO4b4q7juSugF3Lb9dEfX9IgbZAn5EAi2XDJNiTldl9wOdh8G8ltBMZ9ybYZ0QA+i2g"
    "5x4g9U3brWRkoC9IYSrveYoeUL21qN4sZ1D3tcnKgENaTfWSOJV7S6o3SQnfT1DXUr3ZOd"
    "WlHP1PERwl7jLh3vWkpSRuanOUjASC/4vy+cPKakH8Mf5cNCd07hI0wytRg62iHE3F62TO"
    "5w9NgNz5TlCI+74xQ/Y05M6D9iF3vgOkLOTOt5s7bxpGeIAQwr5MVTj1qn1fLUKrAW/t5/"
    "RO+wnsWn8tP7M2T87JlC9vmZvTI7CL8dgt4ZGu6k+ktwjNyOyWmzkNgPRW3qlPOLXOjYh5"
    "paNHojm3hiEZxTO8ViZXnAYV51YJkyGXLCUzqb6N+gUIP0OXo7X5nZTZV9k0ndCQgdyrTh"
    "Ene2CN7lFCyx25UxqjFccEJhI99J9O6tTEnuhLYk9KFbHRQqTY1SryJzJCkLcy2DCFYt8Z"
    "Vgh91iPTIBcXqlw64EpvU+XSunkfeUQ6Cz91mNYZ+Rknbb2d/0vYx3rOBbjFKcKWNhWdwH"
    "Botf8DRXebOvO4iVhESKCJc08YEuf4lY3+5m671gMQLUCSbta5oGruyv67AxBLfcCdHqJp"
    "EEsF7UMstQN8gE9do1hqPL6HXEDzR/tCA5vHsCLFlqGB8ZcRAXe0WBoK/j3493vh3xcXgQ"
    "ZA/ch6FccsYppZ97pEmVzZZDangTiMXBMXLYwYVBEnTjrWIEYqzg9jAZ8vNsIeWxIfBRRh"
    "9PP7DzdhVriFfd+RV1Hm23z7kypMuu3NlDxJtuzKp4tATmNR5VwmSzJuNpwL1s1zwR6w8K"
    "6jq9eWdkvyStR3pSKBHvpSw6OjOnmpR0cV3XCPiu6Usg9DVeBa1YChD+geD+s0G+aj9L7q"
    "sNRq+Jbaq9EUM0WuRVXoOicGwevBps0uAhwsTLqepgKQ56LgtaYE28rkQn1Jf0YESvq3KO"
    "kXK4L5GgLLB+S+ANWooBpLVM7D+Mgf+H5DDhSucXhhUOURi72q7llnwnX1yJKwAN1jdxEd"
    "qC3zfUXEn4sTPHspAvwCWHaI3rt81Q7HMoR9Ik4h4+PngdotbvDe62uxtb7vQ5qyD+v85g"
    "zZF3VCLi/0IZcXUchF7+aGOjWyAzIiYAdsYQdoI7VVJE9P2zzuhOzJcvx8xTKZ84kAzPgt"
    "Zvy+Z6aAFdZ9K0yQ+pf3xFN2t8lerrTIiBhSt3rLQ3I4woFscz13sUXC/Mtwq1SUadUSUU"
    "YZwuviMiN/K0ILEFLobEghVV1duzaV6CFL+/S0hnH79FRr3IpLxY64f5vN70gALKmNLSm5"
    "jJk22svIQJiseKKhQMJgiYjHwwJRY4EwNzzB4OyowVlqkmviziUC4M5t4c75hP/ZTL36V4"
    "T1c1L9O+q2+VXLtO859DxvYHITzzZiRePxcLJwI6roDJ8gHLDXBOf96PLVQXV8J2HMa7XM"
    "jeIsolDTxSzgX0rUb8piTQ/RRTBA2LPlZeoRdEvG1Cfy17Hj8+EhtcACx3U1gZ6WnrFFwO"
    "dhexZ2KOTT1PZh3DBGj7WuY0wffIzmi5qm0XJQn4WIJXZHQxy1he2DcBBjl6rM/yrIExHA"
    "vD7mHdmT39BJ2BlRsSMn1yr3Y5dORpkOjXX2ZC7CjThV94XCtToN6AVHP0Cfs64QcPbd5O"
    "yBMeolY+Ry+9U1sYESgR7aQHWS5fWp8qVEeeo7E0eR1qIHN5UAdNehOyOM8X2xDO8N+aLZ"
    "ETIivcC3aiG6/PWmmn/IpQ/Hw4ukxL6fPaiihMRj95oS6kRPgY5Rzw2V5gGR3xoT0xGn6X"
    "xhOwHXpeMdKNymzNVBleOExbiRJQYapKsLfiNMJZeS6rxz1SDgE7syiwcVLhIQXrsmvGbY"
    "UgGuLyCLBKB+rGgAVtWPdWnlvpZ+rHrdFtdqrNoundRbsn+ZUmQ7NlrKsxYp/9expiiYcp"
    "WEQaEpXSInQIRr3z5Eryn/K5DD/xPX5B+FxNdkA+RxpzkuD1K1LW3tOcrMWSve39SJs1z7"
    "dOFbJLJn5CBB0mWbOkBybWeJukS7dXf8RKAXPjGk1vZkhgP13HPqOdxPTNN881I9XLKaD8"
    "Q/YAenjvEazbBEjDBRemqIaF4KMC3NUWUJcOVCoK7/7cMi0Lzdklj1pgtuSbCHcDd/ulPB"
    "iTIGG7jkuhObLgKLmnGcGZEeTuaG46zO3ATacDTM2zoLMsSadoGzTQLsuEYlDBkRCFnn3M"
    "kmQtZA2j8i0v6ajBcMuwcKzj6+NKii7P1wUM0gq7wlsVG0SjIRRxVVG3dc16KrhPh55niL"
    "gMsuvMBxZSGHDAugqaTV+e8z9IQR/57438kL38Vf4XC++qZM3rf/yN+9373z+P5o6Tt83q"
    "Mp8Ynk/z26lD8TCYgIIcgYAL87Znf8e42pP0CMht28MYrujMRRQuK8szDIHIYZxFflw8Uo"
    "uvzdkxLkiyP+qADficZmjMt5E/Fvbmx4c5vKE9Sg5Vm3dkJ9pCCclqbcaioF/Gqn+VWPBE"
    "vq35m8SxmRHjpGLbRRAAobKOzOrFBAt3ZnZQC6FejWDiANdOu+0a1TQ3Cn2yD7yObujlOj"
    "Hhm6uz9wt2sAN3w0iUUXniL1SQtnMr5PuWaNoRlQV2EbaMGMh/cmNb8xICEdr5d0EWQ1Ne"
    "9mQ+wcYuf7jDPEzjsQO+9IJPec+I41PVAVX4VXBpWlV+mYdVFcPfhbBBVVK8VjKUja0vLT"
    "BxC1Hp9+Dda7fH3ggoZnZzWWYD5Kf5qtuFawt+dGVkQ0vIfoHtc6K/i44qzg4/JZwfyJAV"
    "G52fotLiMCnYX3aTP7+v+YFD6b"
)
