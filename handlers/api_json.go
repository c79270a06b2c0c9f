package handlers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// apiFormat reads and writes JSON. Numbers are not rounded on the way, and text that the database cannot hold is no text.
var apiFormat = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: func(raw []byte, into any) error {
	loose, checking := into.(*any)
	if !checking {
		return json.Unmarshal(raw, into)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(loose); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("one JSON value is wanted, and more came")
	}
	*loose = apiChecked(*loose)
	return nil
}}

// apiNoText stands for a string with a zero byte, so that it fails every check for a string.
type apiNoText struct{}

// apiChecked makes what was decoded ready for checking: the checks want float64, the values are read from the text.
func apiChecked(v any) any {
	switch v := v.(type) {
	case string:
		if !apiIsText(v) {
			return apiNoText{}
		}
	case json.Number:
		number, _ := strconv.ParseFloat(string(v), 64) // beyond its range it is infinite, which every bound refuses
		return number
	case []any:
		for i := range v {
			v[i] = apiChecked(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = apiChecked(v[name])
		}
	}
	return v
}
