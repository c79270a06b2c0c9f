package models

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed country.txt
var countryList string

// Country is one of the world's, by the two letters of ISO 3166-1, and XK for Kosovo.
type Country struct{ Code, Name string }

// Countries lists them by name, in the words of the Unicode CLDR.
var Countries = func() []Country {
	var list []Country
	for line := range strings.Lines(countryList) {
		code, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		list = append(list, Country{code, name})
	}
	slices.SortFunc(list, func(a, b Country) int { return strings.Compare(sortedAs(a.Name), sortedAs(b.Name)) })
	return list
}()

// sortedAs keeps the Åland Islands among those with A, and so on.
func sortedAs(name string) string { return plainLetters.Replace(name) }

var plainLetters = strings.NewReplacer("Å", "A", "ç", "c", "é", "e", "í", "i", "ã", "a", "ô", "o", "ü", "u")

// CountryName is what a country is called; empty for two letters that are none.
func CountryName(code string) string {
	for _, c := range Countries {
		if c.Code == code {
			return c.Name
		}
	}
	return ""
}
