package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"portal/integrations"
	"portal/payouts"
)

// config is the configuration as CONTRACT.md 3 names it. Each key may be set in a file or by PORTAL_SECTION_KEY.
type config struct {
	Server struct {
		Listen        string `toml:"listen"`
		PublicURL     string `toml:"public_url"`
		MetricsListen string `toml:"metrics_listen"`
	} `toml:"server"`
	Database struct {
		URL       string `toml:"url"`
		DirectURL string `toml:"direct_url"`
		DataDir   string `toml:"data_dir"`
	} `toml:"database"`
	Secrets struct {
		Keys []string `toml:"keys"`
	} `toml:"secrets"`
	Stripe struct {
		SecretKey            string `toml:"secret_key"`
		PublishableKey       string `toml:"publishable_key"`
		ClientID             string `toml:"client_id"`
		WebhookSecret        string `toml:"webhook_secret"`
		ConnectWebhookSecret string `toml:"connect_webhook_secret"`
		APIBase              string `toml:"api_base"`
		ConnectBase          string `toml:"connect_base"`
		TestCalls            int    `toml:"test_calls_per_second"`
		LiveCalls            int    `toml:"live_calls_per_second"`
		PayoutFeePercent     string `toml:"payout_fee_percent"`
	} `toml:"stripe"`
	Mail struct {
		SMTPURL string `toml:"smtp_url"`
		From    string `toml:"from"`
	} `toml:"mail"`
	Rates struct {
		URL string `toml:"url"`
	} `toml:"rates"`
}

func defaults() config {
	var c config
	c.Server.Listen = "127.0.0.1:8080"
	c.Server.PublicURL = "http://localhost:8080"
	c.Database.DataDir = "./data"
	c.Stripe.PayoutFeePercent = "0"
	c.Rates.URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
	return c
}

// configured is embedded by every command that reads the configuration.
type configured struct {
	Config string `help:"The configuration file." type:"path" placeholder:"FILE"`
}

// load reads the file, then the environment, and refuses what it does not know or cannot use, naming file, key and line.
func (f configured) load() (config, error) {
	c := defaults()
	where := map[string]string{} // where each key was set, for the messages
	if f.Config != "" {
		if err := c.fromFile(f.Config, where); err != nil {
			return c, err
		}
	}
	if err := c.fromEnvironment(os.Environ(), where); err != nil {
		return c, err
	}
	if where["server.public_url"] == "" {
		c.Server.PublicURL = here(c.Server.Listen)
	}
	return c, c.check(where)
}

// here is the address that a browser on the same machine would use.
func here(listen string) string {
	_, port, err := net.SplitHostPort(listen)
	if err != nil || port == "0" {
		return defaults().Server.PublicURL
	}
	return "http://localhost:" + port
}

func (c *config) fromFile(path string, where map[string]string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	meta, err := toml.Decode(string(text), c)
	var bad toml.ParseError
	if errors.As(err, &bad) {
		return fmt.Errorf("%s, line %d, %s: %s", path, bad.Position.Line, bad.LastKey, bad.Message)
	} else if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, key := range meta.Undecoded() {
		return fmt.Errorf("%s, line %d: %s is not a key that Portal knows; config.example.toml lists them", path, lineOf(string(text), key), key)
	}
	for _, key := range meta.Keys() {
		where[key.String()] = fmt.Sprintf("%s, line %d, %s", path, lineOf(string(text), key), key)
	}
	return nil
}

// lineOf finds where a file sets a key. TOML's metadata does not tell.
func lineOf(text string, key toml.Key) int {
	section := ""
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSpace(strings.Split(name, "]")[0])
			if section == key.String() {
				return n + 1
			}
			continue
		}
		name, _, isKey := strings.Cut(line, "=")
		full := strings.Trim(strings.TrimSpace(name), `"`)
		if section != "" {
			full = section + "." + full
		}
		if isKey && full == key.String() {
			return n + 1
		}
	}
	return 0
}

// fromEnvironment takes PORTAL_SERVER_LISTEN for server.listen, and so on.
func (c *config) fromEnvironment(environment []string, where map[string]string) error {
	fields := map[string]reflect.Value{}
	sections := reflect.ValueOf(c).Elem()
	var prefixes []string
	for i := range sections.NumField() {
		section := sections.Type().Field(i).Tag.Get("toml")
		prefixes = append(prefixes, "PORTAL_"+strings.ToUpper(section)+"_")
		for j := range sections.Field(i).NumField() {
			fields[section+"."+sections.Field(i).Type().Field(j).Tag.Get("toml")] = sections.Field(i).Field(j)
		}
	}
	for _, pair := range environment {
		name, value, _ := strings.Cut(pair, "=")
		if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		key := strings.Replace(strings.ToLower(strings.TrimPrefix(name, "PORTAL_")), "_", ".", 1)
		field, known := fields[key]
		if !known {
			return fmt.Errorf("environment, %s: is not a key that Portal knows; config.example.toml lists them", name)
		}
		switch field.Kind() {
		case reflect.Slice:
			field.Set(reflect.ValueOf(strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })))
		case reflect.Int:
			n, err := strconv.Atoi(value)
			if err != nil {
				return fmt.Errorf("environment, %s: must be a whole number", name)
			}
			field.SetInt(int64(n))
		default:
			field.SetString(value)
		}
		where[key] = "environment, " + name
	}
	return nil
}

// check refuses values that cannot work.
func (c *config) check(where map[string]string) error {
	refuse := func(key, why string) error {
		place := where[key]
		if place == "" {
			place = key
		}
		return fmt.Errorf("%s: %s", place, why)
	}
	addresses := map[string]string{"server.listen": c.Server.Listen, "server.metrics_listen": c.Server.MetricsListen}
	for _, key := range []string{"server.listen", "server.metrics_listen"} {
		if _, _, err := net.SplitHostPort(addresses[key]); err != nil && (addresses[key] != "" || key == "server.listen") {
			return refuse(key, "must be an address with a port, such as 127.0.0.1:8080")
		}
	}
	for key, value := range map[string]*string{"server.public_url": &c.Server.PublicURL, "stripe.api_base": &c.Stripe.APIBase, "stripe.connect_base": &c.Stripe.ConnectBase, "rates.url": &c.Rates.URL} {
		u, err := url.Parse(*value)
		if *value != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") || key == "server.public_url" && *value == "" {
			return refuse(key, "must be an address that begins with http:// or https://")
		}
		*value = strings.TrimRight(*value, "/")
	}
	for key, value := range map[string]string{"database.url": c.Database.URL, "database.direct_url": c.Database.DirectURL} {
		if value != "" && !strings.HasPrefix(value, "postgres://") && !strings.HasPrefix(value, "postgresql://") {
			return refuse(key, "must begin with postgres://")
		}
	}
	for key, value := range map[string]int{"stripe.test_calls_per_second": c.Stripe.TestCalls, "stripe.live_calls_per_second": c.Stripe.LiveCalls} {
		if value < 0 {
			return refuse(key, "must not be below zero")
		}
	}
	if !payouts.FeePercentValid(c.Stripe.PayoutFeePercent) {
		return refuse("stripe.payout_fee_percent", "must be a number from 0 to 20 such as \"2.9\"")
	}
	if c.Database.DataDir == "" {
		return refuse("database.data_dir", "must name a directory")
	}
	if c.Database.DirectURL == "" {
		c.Database.DirectURL = c.Database.URL
	}
	return nil
}

// pace is how fast each company's Stripe is asked: as set, else as fast as Stripe itself allows, and another server at will.
func (c *config) pace() integrations.Pace {
	p := integrations.Pace{Test: c.Stripe.TestCalls, Live: c.Stripe.LiveCalls}
	if c.Stripe.APIBase == "" {
		p.Test, p.Live = cmp.Or(p.Test, 25), cmp.Or(p.Live, 100)
	}
	return p
}

// platform is the platform's own Stripe, as far as companies connect to it by OAuth.
func (c *config) platform() integrations.Platform {
	return integrations.Platform{Key: c.Stripe.SecretKey, ClientID: c.Stripe.ClientID, Base: c.Stripe.ConnectBase, Hears: c.Stripe.ConnectWebhookSecret != ""}
}
