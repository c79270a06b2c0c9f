package sandbox

import (
	"encoding/json"
	"math/big"
	"strings"
)

// dollars is what one major unit of a currency is worth, in millionths of a US dollar. The rates are made up and never change.
var dollars = map[string]int64{"usd": 1000000, "eur": 1080000, "gbp": 1270000, "chf": 1130000, "cad": 730000, "aud": 660000, "nzd": 600000,
	"jpy": 6600, "sek": 95000, "nok": 93000, "dkk": 145000, "pln": 250000, "czk": 43000, "huf": 2700, "ron": 217000, "hkd": 128000,
	"sgd": 740000, "mxn": 55000, "brl": 190000, "inr": 12000, "thb": 28000, "twd": 31000, "aed": 272000, "myr": 220000, "krw": 740,
	"idr": 62, "php": 17500, "ils": 270000, "zar": 54000, "rub": 11000, "ars": 1000, "cop": 250, "kwd": 3250000, "bhd": 2650000,
	"jod": 1410000, "omr": 2600000, "tnd": 320000, "isk": 7200, "ugx": 270, "vnd": 40, "clp": 1050, "pyg": 130, "xof": 1650, "xaf": 1650, "xpf": 9000}

// billionths are the parts in which a rate of exchange is kept.
const billionths = 1000000000

// rate is how many minor units of one currency a minor unit of another becomes, in billionths. A currency that has no rate
// is worth ten US cents.
func rate(from, to string) int64 {
	if from == to {
		return billionths
	}
	worth := func(currency string) int64 {
		if n, ok := dollars[currency]; ok {
			return n
		}
		return 100000
	}
	return share(worth(from)*power(digits(to)), billionths, worth(to)*power(digits(from)))
}

func power(n int) int64 { return []int64{1, 10, 100, 1000}[n] }

// convert is an amount in another currency, rounded to the nearest minor unit.
func convert(amount int64, from, to string) int64 { return share(amount, rate(from, to), billionths) }

// share is whole × part / of, rounded half away from zero.
func share(whole, part, of int64) int64 {
	if of == 0 {
		return 0
	}
	n := new(big.Int).Mul(big.NewInt(whole), big.NewInt(2*part))
	d := big.NewInt(2 * of)
	half := big.NewInt(of)
	if n.Sign() < 0 {
		half.Neg(half)
	}
	return n.Add(n, half).Quo(n, d).Int64()
}

// span is what of a whole falls to the stretch between two points of a way; the spans of a way add up to the whole.
func span(whole, from, to, way int64) int64 { return share(whole, to, way) - share(whole, from, way) }

// exchange is the exchange_rate of a balance transaction: null when nothing was converted.
func exchange(from, to string) any {
	if from == to {
		return nil
	}
	d := big.NewRat(rate(from, to), billionths).FloatString(9)
	return json.Number(strings.TrimSuffix(strings.TrimRight(d, "0"), "."))
}
