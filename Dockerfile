# One static binary, no root. Give it a PostgreSQL by PORTAL_DATABASE_URL and keys by PORTAL_SECRETS_KEYS.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
ARG REVISION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION} -X main.revision=${REVISION}" -o /portal ./cmd/portal

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /portal /portal
ENV PORTAL_SERVER_LISTEN=0.0.0.0:8080
EXPOSE 8080
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s CMD ["/portal", "health"]
ENTRYPOINT ["/portal"]
CMD ["serve"]
