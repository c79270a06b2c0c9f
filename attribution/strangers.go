package attribution

import (
	"slices"
	"strings"

	"portal/models"
)

// Near are the values of a payment's clues that may be a partner's key with something amiss, trimmed and in lower case.
func Near(c models.Clues) []string {
	var list []string
	for _, code := range codes(c) {
		if folded := strings.ToLower(strings.TrimSpace(code.value)); models.IsPartnerKey(folded) && !slices.Contains(list, folded) {
			list = append(list, folded)
		}
	}
	return list
}

// Domains are the companies that addresses stand for: those of mail hosts for everybody are left out.
func Domains(addresses []string) []string {
	var list []string
	for _, address := range normal(addresses) {
		_, domain, found := strings.Cut(address, "@")
		if found && strings.Contains(domain, ".") && !public(domain) && !slices.Contains(list, domain) {
			list = append(list, domain)
		}
	}
	return list
}

// FoldedNames are names as they are compared: in lower case, with single spaces. One plain word is nobody's whole name.
func FoldedNames(names []string) []string {
	var list []string
	for _, name := range names {
		folded := strings.ToLower(strings.Join(strings.Fields(name), " "))
		beyondASCII := strings.ContainsFunc(folded, func(r rune) bool { return r > 127 })
		if (strings.Contains(folded, " ") || beyondASCII) && !slices.Contains(list, folded) {
			list = append(list, folded)
		}
	}
	return list
}

// The mail hosts for everybody: some by their first word, whatever the country, the others whole.
var (
	hostsEverywhere = []string{"gmx", "hotmail", "live", "outlook", "yahoo", "yandex"}
	hosts           = strings.Fields(`gmail.com googlemail.com msn.com ymail.com rocketmail.com icloud.com me.com mac.com aol.com proton.me protonmail.com pm.me
		hey.com fastmail.com zoho.com mail.com mail.ru bk.ru inbox.ru list.ru rambler.ru qq.com 163.com 126.com sina.com naver.com daum.net web.de t-online.de
		freenet.de orange.fr free.fr laposte.net wanadoo.fr sfr.fr libero.it virgilio.it tiscali.it comcast.net att.net verizon.net btinternet.com
		bigpond.com rediffmail.com uol.com.br terra.com.br seznam.cz wp.pl o2.pl onet.pl interia.pl tutanota.com`)
)

func public(domain string) bool {
	first, _, _ := strings.Cut(domain, ".")
	return slices.Contains(hosts, domain) || slices.Contains(hostsEverywhere, first)
}
