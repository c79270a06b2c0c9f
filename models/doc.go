// Package models holds the nouns of Portal and the errors its rooms share.
// It knows no other room, no database and no network: standard library only.
package models
