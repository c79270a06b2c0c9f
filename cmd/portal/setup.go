package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"portal/handlers"
	"portal/models"
	"portal/store"
)

type setupCommand struct {
	configured
	Company       string `required:"" help:"The company's name." placeholder:"NAME"`
	Email         string `required:"" help:"The owner's e-mail address." placeholder:"ADDRESS"`
	Program       string `required:"" help:"The program's name." placeholder:"NAME"`
	Currency      string `default:"usd" help:"The currency that the company thinks in."`
	Mode          string `default:"test" enum:"test,live" help:"The side that the API key opens: test or live."`
	PasswordStdin bool   `help:"Read the owner's password from standard input."`
	JSON          bool   `name:"json" help:"Print one JSON object."`
}

// made is what setup prints.
type made struct {
	CompanyID string  `json:"company_id"`
	ProgramID string  `json:"program_id"`
	APIKey    string  `json:"api_key"`
	SignInURL string  `json:"sign_in_url"`
	Email     string  `json:"email"`
	Password  *string `json:"password"` // only when Portal made it up
}

// Run makes a company with its owner, a program and an API key.
func (s setupCommand) Run(ctx context.Context, std streams) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	currency, err := s.check()
	if err != nil {
		return err
	}
	password, invented := rand.Text(), true
	if s.PasswordStdin {
		line, err := bufio.NewReader(std.in).ReadString('\n')
		password, invented = strings.TrimRight(line, "\r\n"), false
		if len(password) < 10 {
			return errors.Join(errors.New("the password must have at least 10 characters"), ignoreEnd(err))
		}
	}
	b, err := open(ctx, c, join)
	if err != nil {
		return err
	}
	defer func() { _ = b.close() }()
	m, err := s.make(ctx, b, currency, password)
	if err != nil {
		return err
	}
	if m.Password = nil; invented && !m.known {
		m.Password = &password
	}
	return s.print(std, m.made)
}

func ignoreEnd(err error) error {
	if err != nil && err.Error() == "EOF" {
		return nil
	}
	return err
}

func (s setupCommand) check() (models.Currency, error) {
	currency, err := models.ParseCurrency(s.Currency)
	if err != nil {
		return "", fmt.Errorf("--currency %s: is not a currency that Portal knows", s.Currency)
	}
	if _, err := mail.ParseAddress(s.Email); err != nil {
		return "", fmt.Errorf("--email %s: is not an e-mail address", s.Email)
	}
	if strings.TrimSpace(s.Company) == "" || strings.TrimSpace(s.Program) == "" {
		return "", errors.New("--company and --program must not be empty")
	}
	return currency, nil
}

type outcome struct {
	made
	known bool // the owner had an account, and keeps its password
}

// make keeps it all in one transaction.
func (s setupCommand) make(ctx context.Context, b *base, currency models.Currency, password string) (outcome, error) {
	now := time.Now().UTC()
	company := models.Company{ID: models.NewID[models.CompanyID](now), Name: strings.TrimSpace(s.Company), Currency: currency}
	program := models.Program{Company: company.ID, ID: models.NewID[models.ProgramID](now), Name: strings.TrimSpace(s.Program), Currency: currency}
	o := outcome{made: made{CompanyID: company.ID.String(), ProgramID: program.ID.String(), APIKey: "portal_" + s.Mode + "_" + rand.Text(),
		SignInURL: b.config.Server.PublicURL + "/", Email: models.NormalEmail(s.Email)}}
	err := b.store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.AddCompany(ctx, company, now); err != nil {
			return err
		}
		if err := tx.AddProgram(ctx, program, now); err != nil {
			return err
		}
		caller := models.Caller{Tenant: models.Tenant{Company: company.ID, Mode: models.Mode(s.Mode)}, Program: program.ID, KeyName: "setup"}
		if err := tx.AddAPIKey(ctx, o.APIKey, caller, now); err != nil {
			return err
		}
		person, err := tx.PersonByEmail(ctx, s.Email)
		if o.known = err == nil; errors.Is(err, models.ErrNotFound) {
			person = models.Person{ID: models.NewID[models.PersonID](now), Email: s.Email, Name: s.Email, Password: handlers.HashPassword(password)}
			err = tx.AddPerson(ctx, person, now)
		}
		if err != nil {
			return err
		}
		if err := tx.AddPlace(ctx, person.ID, store.Place{Company: company.ID, Mode: "both", Role: models.Owner}, now); err != nil {
			return err
		}
		return tx.Audited(ctx, company.ID, models.Actor{Name: "portal setup"}, "company.made", company.ID.String(), company.Name, now)
	})
	return o, err
}

func (s setupCommand) print(std streams, m made) error {
	if s.JSON {
		return json.NewEncoder(std.out).Encode(m)
	}
	_, err := fmt.Fprintf(std.out, "Company   %s\nProgram   %s\nAPI key   %s (%s; shown only now)\nSign in   %s as %s\n",
		m.CompanyID, m.ProgramID, m.APIKey, s.Mode, m.SignInURL, m.Email)
	if err == nil && m.Password != nil {
		_, err = fmt.Fprintf(std.out, "Password  %s (shown only now)\n", *m.Password)
	}
	return err
}
