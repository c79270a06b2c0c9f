package payouts

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/mozillazg/go-unidecode"

	"portal/models"
)

// transfer is one invoice on its way into a bank file.
type transfer struct {
	invoice models.Invoice
	to      models.BankDetails
}

// The parts of ISO 20022 pain.001.001.09, credit transfer initiation, that a SEPA credit transfer has, in the order of its schema, under
// the rules of the European Payments Council's customer-to-bank guidelines (EPC132-08).
type (
	sepaDocument struct {
		XMLName xml.Name   `xml:"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09 Document"`
		Header  sepaHeader `xml:"CstmrCdtTrfInitn>GrpHdr"`
		Payment sepaBatch  `xml:"CstmrCdtTrfInitn>PmtInf"`
	}
	sepaHeader struct {
		ID      string `xml:"MsgId"`
		Created string `xml:"CreDtTm"`
		Count   int    `xml:"NbOfTxs"`
		Sum     string `xml:"CtrlSum"`
		From    string `xml:"InitgPty>Nm"`
	}
	sepaBatch struct {
		ID       string         `xml:"PmtInfId"`
		Method   string         `xml:"PmtMtd"`
		Count    int            `xml:"NbOfTxs"`
		Sum      string         `xml:"CtrlSum"`
		Level    string         `xml:"PmtTpInf>SvcLvl>Cd"`
		Day      string         `xml:"ReqdExctnDt>Dt"`
		From     string         `xml:"Dbtr>Nm"`
		FromIBAN string         `xml:"DbtrAcct>Id>IBAN"`
		FromBank sepaBank       `xml:"DbtrAgt>FinInstnId"`
		Charges  string         `xml:"ChrgBr"`
		Each     []sepaTransfer `xml:"CdtTrfTxInf"`
	}
	sepaBank struct {
		BIC     string       `xml:"BICFI,omitempty"`
		Unknown *sepaUnknown `xml:"Othr"`
	}
	sepaUnknown struct {
		ID string `xml:"Id"`
	}
	sepaTransfer struct {
		ID     string     `xml:"PmtId>EndToEndId"`
		Amount sepaAmount `xml:"Amt>InstdAmt"`
		ToBank *sepaBank  `xml:"CdtrAgt>FinInstnId"`
		To     string     `xml:"Cdtr>Nm"`
		ToIBAN string     `xml:"CdtrAcct>Id>IBAN"`
		Words  string     `xml:"RmtInf>Ustrd"`
	}
	sepaAmount struct {
		Currency string `xml:"Ccy,attr"`
		Decimal  string `xml:",chardata"`
	}
)

// sepaFile writes transfers in euro as one batch from a company's account, to be carried out today.
func sepaFile(id models.BankFileID, from models.DebtorAccount, company string, list []transfer, now time.Time) ([]byte, error) {
	key := strings.TrimPrefix(id.String(), "bnk_") // 32 characters of the 35 that an id may have
	sum := models.Money{Currency: "eur"}
	batch := sepaBatch{ID: key + "-1", Method: "TRF", Count: len(list), Level: "SEPA", Day: now.Format(time.DateOnly), From: sepaText(from.Holder, 70),
		FromIBAN: from.Numbers.IBAN, FromBank: bankNamed(from.Numbers.BIC), Charges: "SLEV"}
	for _, t := range list {
		var err error
		if sum, err = sum.Add(t.invoice.Total()); err != nil {
			return nil, fmt.Errorf("sum a bank file: %w", err)
		}
		to := sepaTransfer{ID: sepaText(t.invoice.Number, 35), Amount: sepaAmount{"EUR", t.invoice.Total().Decimal()}, To: sepaText(t.to.Holder, 70),
			ToIBAN: t.to.Numbers.IBAN, Words: sepaText(t.invoice.Number+" "+company, 140)}
		if t.to.Numbers.BIC != "" {
			to.ToBank = new(bankNamed(t.to.Numbers.BIC))
		}
		batch.Each = append(batch.Each, to)
	}
	batch.Sum = sum.Decimal()
	body, err := xml.MarshalIndent(sepaDocument{Payment: batch, Header: sepaHeader{ID: key, Created: now.UTC().Format("2006-01-02T15:04:05Z"),
		Count: batch.Count, Sum: batch.Sum, From: batch.From}}, "", "  ")
	return append([]byte(xml.Header), append(body, '\n')...), err
}

func bankNamed(bic string) sepaBank {
	if bic == "" {
		return sepaBank{Unknown: &sepaUnknown{"NOTPROVIDED"}}
	}
	return sepaBank{BIC: bic}
}

// sepaText writes a text in the characters that every bank of the SEPA area takes, cut to a length. Letters of other alphabets become
// Latin ones that sound alike; what has no likeness becomes a space. No text begins or ends with a slash, or holds two in a row.
func sepaText(text string, most int) string {
	latin := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/-?:().,'+", r) {
			return r
		}
		return ' '
	}, unidecode.Unidecode(strings.ReplaceAll(text, "&", "+")))
	latin = strings.Join(strings.Fields(latin), " ")
	for strings.Contains(latin, "//") {
		latin = strings.ReplaceAll(latin, "//", "/")
	}
	latin = strings.Trim(latin[:min(len(latin), most)], " /")
	if latin == "" {
		return "NOTPROVIDED"
	}
	return latin
}
