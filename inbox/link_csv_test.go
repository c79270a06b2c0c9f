package inbox_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"portal/inbox"
	"portal/models"
)

// read gives the rows of a file, one line each, and the error that ended it.
func read(file string) (lines []string, err error) {
	for row, failed := range inbox.ReadLinks(strings.NewReader(file)) {
		if failed != nil {
			return lines, failed
		}
		line := fmt.Sprintf("%d %s>%s", row.N, row.Customer, row.Partner)
		if row.Verdict != "" {
			line += " " + row.Because
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// B4 and issue 3's bad input: files as spreadsheets of all sorts write them.
func TestAFileOfLinksIsReadAsSpreadsheetsWriteIt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 400)
	for name, c := range map[string]struct{ file, want string }{
		"plain":                               {"customer,partner\ncus_1,NORA\nann@x.com,ATLAS\n", "2 cus_1>NORA|3 ann@x.com>ATLAS"},
		"a byte order mark":                   {"\ufeffcustomer,partner\ncus_1,NORA\n", "2 cus_1>NORA"},
		"semicolons and CRLF":                 {"customer;partner\r\ncus_1;NORA\r\ncus_2;ATLAS", "2 cus_1>NORA|3 cus_2>ATLAS"},
		"tabs, and lines ended as once":       {"partner\tcustomer\rNORA\tcus_1\r", "2 cus_1>NORA"},
		"columns in any order, others beside": {"Name, Partner ,note,CUSTOMER\nAnn,NORA,,cus_1\n", "2 cus_1>NORA"},
		"a comma inside quotes":               {"name,customer,partner\n\"Ann, Bo\",cus_1,NORA\n", "2 cus_1>NORA"},
		"quotes inside quotes":                {"customer,partner\n\"say \"\"a\"\"\",NORA\n", `2 say "a">NORA`},
		"a line end inside quotes":            {"customer,partner,note\ncus_1,NORA,\"two\nlines\"\ncus_2,NORA,\n", "2 cus_1>NORA|3 cus_2>NORA"},
		"a quote in the middle of a word":     {"customer,partner\nO\"Neil,NORA\ncus_2,NORA\n", `2 O"Neil>NORA|3 cus_2>NORA`},
		"other scripts":                       {"customer,partner\nпётр@почта.рф,NORA\n山田,ATLAS\n", "2 пётр@почта.рф>NORA|3 山田>ATLAS"},
		"spaces around":                       {"customer,partner\n  cus_1 ,\tNORA \n", "2 cus_1>NORA"},
		"empty lines count as rows":           {"\ncustomer,partner\n\ncus_1,NORA\n,\n\ncus_2,NORA\n", "4 cus_1>NORA|7 cus_2>NORA"},
		"Excel names its separator first":     {"sep=;\ncustomer;partner\ncus_1;NORA\n", "3 cus_1>NORA"},
		"synonyms":                            {"E-Mail,partner_key\nann@x.com,NORA\n", "2 ann@x.com>NORA"},
		"an e-mail beside the customer's key": {"email,customer,partner\nann@x.com,key-1,NORA\n", "2 key-1>NORA"},
		"too few columns":                     {"customer,partner\ncus_1\n", "2 cus_1> it has 1 of the 2 columns that the first row names"},
		"too many columns":                    {"customer,partner\ncus_1,NORA,more\n", "2 cus_1>NORA it has 3 columns and the first row names 2: put text that holds the separator in quotes"},
		"empty columns too many":              {"customer,partner\ncus_1,NORA,,\n", "2 cus_1>NORA"},
		"no customer":                         {"customer,partner\n,NORA\n", "2 >NORA the customer is empty"},
		"no partner":                          {"customer,partner\ncus_1, \n", "2 cus_1> the partner is empty"},
		"too long":                            {"customer,partner\n" + long + ",NORA\n", "2 " + long[:320] + "…>NORA a customer or partner has at most 320 characters"},
		"not UTF-8":                           {"customer,partner\nM\xfcller,NORA\n", "2 M\uFFFDller>NORA it cannot be read as UTF-8 text: save the file as CSV in UTF-8"},
		"a zero byte":                         {"customer,partner\ncus\x001,NORA\n", "2 cus\uFFFD1>NORA it cannot be read as UTF-8 text: save the file as CSV in UTF-8"},
		"a quote that is never closed spoils one row": {"customer,partner\ncus_1,\"NORA\ncus_2,NORA\ncus_3,NORA\n",
			"2 cus_1>NORA a quote is opened and never closed|3 cus_2>NORA|4 cus_3>NORA"},
		"a row without an end spoils one row": {"customer,partner\ncus_1," + strings.Repeat("y", 40_000) + "\ncus_2,NORA\n",
			"2 > it is longer than 16384 characters|3 cus_2>NORA"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines, err := read(c.file)
			if got := strings.Join(lines, "|"); got != c.want || err != nil {
				t.Errorf("%v\n got %s\nwant %s", err, got, c.want)
			}
		})
	}
}

// B4: what is no list of links at all is refused whole, with what to do.
func TestAFileThatIsNoListOfLinksIsRefused(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{"": "is empty", "\n\n": "is empty", "cus_1,NORA\n": "has no columns customer and partner",
		"customer,name\ncus_1,Ann\n": "has no columns", "\xff\xfec\x00u\x00": "UTF-16", "PK\x03\x04\x14\x00\x06\x00": "has no columns"} {
		lines, err := read(file)
		if len(lines) > 0 || !errors.Is(err, models.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", file, lines, err)
		}
	}
}

// What a spreadsheet writes is read back as it was: whatever stands in the fields, in whatever order the columns are.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[A-Za-z0-9@._ ";,'äß山]{0,12}x`)
	rapid.Check(t, func(t *rapid.T) {
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		w.Comma = rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "separator")
		w.UseCRLF = rapid.Bool().Draw(t, "CRLF")
		if rapid.Bool().Draw(t, "mark") {
			file.WriteString("\ufeff")
		}
		head := rapid.Permutation([]string{"customer", "partner", "note"}).Draw(t, "columns")
		_ = w.Write(head)
		var want []string
		for n := range rapid.IntRange(1, 30).Draw(t, "rows") {
			row := map[string]string{"customer": word.Draw(t, "customer"), "partner": word.Draw(t, "partner"), "note": rapid.StringMatching(`[a-z\n"]{0,8}`).Draw(t, "note")}
			_ = w.Write([]string{row[head[0]], row[head[1]], row[head[2]]})
			want = append(want, fmt.Sprintf("%d %s>%s", n+2, strings.TrimSpace(row["customer"]), strings.TrimSpace(row["partner"])))
		}
		w.Flush()
		lines, err := read(file.String())
		if err != nil || strings.Join(lines, "|") != strings.Join(want, "|") {
			t.Fatalf("%v\n%q\n got %q\nwant %q", err, file.String(), lines, want)
		}
	})
}

// Whatever is uploaded, each row is answered in its order, with text that can be kept, and nothing breaks.
func FuzzReadLinks(f *testing.F) {
	for _, seed := range []string{"customer,partner\ncus_1,NORA\n", "\ufeffpartner;customer\r\n\"A\";\"b\"\"c\"\r\n", "customer,partner\n\"\n\"\n\"", "sep=\n\xff", "customer\tpartner\n\"a\tb"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		last := 1
		for row, err := range inbox.ReadLinks(bytes.NewReader(file)) {
			if err != nil {
				if !errors.Is(err, models.ErrInvalid) {
					t.Fatal(err)
				}
				return
			}
			if row.N <= last && last > 1 || row.N < 2 {
				t.Fatalf("row %d comes after row %d", row.N, last)
			}
			last = row.N
			for _, text := range []string{row.Customer, row.Partner, row.Address, row.Because} {
				if !utf8.ValidString(text) || strings.Contains(text, "\x00") || len(text) > 330 {
					t.Fatalf("row %d holds %q", row.N, text)
				}
			}
			if (row.Verdict == models.Malformed) != (row.Because != "") || row.Verdict == "" && (row.Customer == "" || row.Partner == "") {
				t.Fatalf("row %d: %+v", row.N, row)
			}
		}
	})
}
