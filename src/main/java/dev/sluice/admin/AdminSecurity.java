package dev.sluice.admin;

import dev.sluice.access.AccessTokens;
import dev.sluice.access.ClientAddress;
import dev.sluice.access.Operator;
import dev.sluice.access.Role;
import dev.sluice.access.Sessions;
import dev.sluice.wire.Objection;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpCookie;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.authentication.ReactiveAuthenticationManager;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.authorization.AuthorizationResult;
import org.springframework.security.config.web.server.SecurityWebFiltersOrder;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.security.web.server.authentication.AuthenticationWebFilter;
import org.springframework.security.web.server.context.NoOpServerSecurityContextRepository;
import org.springframework.security.web.server.csrf.CookieServerCsrfTokenRepository;
import org.springframework.security.web.server.csrf.CsrfToken;
import org.springframework.security.web.server.csrf.ServerCsrfTokenRequestAttributeHandler;
import org.springframework.security.web.server.header.ReferrerPolicyServerHttpHeadersWriter.ReferrerPolicy;
import org.springframework.security.web.server.header.XFrameOptionsServerHttpHeadersWriter.Mode;
import org.springframework.security.web.server.util.matcher.ServerWebExchangeMatcher.MatchResult;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Who may do what in the admin API. Every path needs a sign-in but the few named here, so that a new one cannot forget
 * it. The relay's paths never come this way.
 */
@Configuration(proxyBeanMethods = false)
class AdminSecurity {
    static final String COOKIE = "sluice_session";

    private static final String[] PUBLIC = {
        "/",
        "/index.html",
        "/favicon.ico",
        "/console/**",
        "/healthz",
        "/readyz",
        // on the management port alone, whose address says who may come
        "/actuator/**",
        "/api/openapi.json",
        "/api/docs",
        "/api/openapi.json/**",
        "/api/swagger-ui/**",
        "/api/webjars/**",
        "/webjars/**",
        "/swagger-ui/**"
    };
    private static final String[] DOCUMENTATION = {
        "/api/docs", "/swagger-ui", "/webjars", "/api/swagger-ui", "/api/webjars"
    };
    private static final String[] ADMINS_ONLY = {
        "/api/channels/**",
        "/api/groups/**",
        "/api/prices/**",
        "/api/redemption-codes/**",
        "/api/reconciliation",
        "/api/audit",
    };

    private static final String[] ROOT_ONLY = {"/api/settings"};

    /** An operator, as Spring Security carries it. */
    private static final class SignedIn extends AbstractAuthenticationToken {
        private static final long serialVersionUID = 1L;
        private final transient Operator operator;

        SignedIn(Operator operator) {
            super(List.of(new SimpleGrantedAuthority("ROLE_" + operator.role().name())));
            this.operator = operator;
            setAuthenticated(true);
        }

        @Override
        public Object getCredentials() {
            return "";
        }

        @Override
        public Operator getPrincipal() {
            return operator;
        }
    }

    /** There is no other way to sign in than the filter below; this also keeps Boot from making up a user. */
    @Bean
    ReactiveAuthenticationManager authenticationManager() {
        return Mono::just;
    }

    @Bean
    SecurityWebFilterChain adminChain(
            ServerHttpSecurity http, AccessTokens accessTokens, Sessions sessions, ClientAddress clientAddress) {
        AuthenticationWebFilter identify = new AuthenticationWebFilter((ReactiveAuthenticationManager) Mono::just);
        identify.setServerAuthenticationConverter(exchange -> identify(exchange, accessTokens, sessions)
                .map(operator -> new SignedIn(operator.at(address(exchange, clientAddress)))));
        return http.securityContextRepository(NoOpServerSecurityContextRepository.getInstance())
                .httpBasic(ServerHttpSecurity.HttpBasicSpec::disable)
                .formLogin(ServerHttpSecurity.FormLoginSpec::disable)
                .logout(ServerHttpSecurity.LogoutSpec::disable)
                .requestCache(ServerHttpSecurity.RequestCacheSpec::disable)
                .csrf(
                        csrf -> csrf.csrfTokenRepository(CookieServerCsrfTokenRepository.withHttpOnlyFalse())
                                .csrfTokenRequestHandler(new ServerCsrfTokenRequestAttributeHandler())
                                .requireCsrfProtectionMatcher(AdminSecurity::needsCsrf)
                                .accessDeniedHandler(
                                        (exchange, denied) -> write(
                                                exchange.getResponse(),
                                                HttpStatus.FORBIDDEN,
                                                Objection.NO_CSRF_TOKEN,
                                                "The CSRF token is missing or wrong. Send the cookie XSRF-TOKEN as header X-XSRF-TOKEN.")))
                .addFilterAt(identify, SecurityWebFiltersOrder.AUTHENTICATION)
                .addFilterAfter(AdminSecurity::offerCsrf, SecurityWebFiltersOrder.AUTHENTICATION)
                .authorizeExchange(paths -> paths.pathMatchers(PUBLIC)
                        .permitAll()
                        .pathMatchers(HttpMethod.POST, "/api/session", "/api/registrations")
                        .permitAll()
                        .pathMatchers(
                                HttpMethod.GET,
                                "/api/registrations",
                                "/api/oidc",
                                "/api/oidc/login",
                                "/api/oidc/callback")
                        .permitAll()
                        .pathMatchers(ADMINS_ONLY)
                        .access((who, where) -> who.flatMap(
                                each -> judged(each, where.getExchange().getRequest(), Role.ADMIN)))
                        .pathMatchers(ROOT_ONLY)
                        .access((who, where) -> who.flatMap(
                                each -> judged(each, where.getExchange().getRequest(), Role.ROOT)))
                        .anyExchange()
                        .access((who, where) -> who.flatMap(
                                each -> judged(each, where.getExchange().getRequest(), Role.USER))))
                .exceptionHandling(failures -> failures.authenticationEntryPoint(
                                (exchange, failure) -> unknown(exchange))
                        .accessDeniedHandler((exchange, denied) -> write(
                                exchange.getResponse(),
                                HttpStatus.FORBIDDEN,
                                Forbidden.objection(denied),
                                String.valueOf(denied.getMessage()))))
                .headers(headers -> headers.frameOptions(frames -> frames.mode(Mode.DENY))
                        .referrerPolicy(policy -> policy.policy(ReferrerPolicy.NO_REFERRER))
                        .contentSecurityPolicy(policy -> policy.policyDirectives(
                                "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
                                        + " frame-ancestors 'none'; form-action 'self'")))
                .build();
    }

    /** The documentation page styles itself inline; nothing else may. */
    @Bean
    org.springframework.web.server.WebFilter documentationPolicy() {
        return (exchange, chain) -> {
            String path = exchange.getRequest().getPath().value();
            if (java.util.Arrays.stream(DOCUMENTATION).anyMatch(path::startsWith)) {
                exchange.getResponse()
                        .beforeCommit(() -> Mono.fromRunnable(() -> exchange.getResponse()
                                .getHeaders()
                                .set(
                                        "Content-Security-Policy",
                                        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline';"
                                                + " frame-ancestors 'none'")));
            }
            return chain.filter(exchange);
        };
    }

    private static Mono<Operator> identify(ServerWebExchange exchange, AccessTokens accessTokens, Sessions sessions) {
        String bearer = bearer(exchange.getRequest());
        if (bearer != null) {
            return accessTokens.identify(bearer);
        }
        HttpCookie cookie = exchange.getRequest().getCookies().getFirst(COOKIE);
        return cookie == null ? Mono.empty() : sessions.identify(cookie.getValue());
    }

    private static InetAddress address(ServerWebExchange exchange, ClientAddress clientAddress) {
        ServerHttpRequest request = exchange.getRequest();
        return clientAddress.of(
                request.getRemoteAddress(), () -> request.getHeaders().getOrEmpty("X-Forwarded-For"));
    }

    private static @Nullable String bearer(ServerHttpRequest request) {
        String header = request.getHeaders().getFirst(HttpHeaders.AUTHORIZATION);
        return header != null && header.regionMatches(true, 0, "Bearer ", 0, 7)
                ? header.substring(7).strip()
                : null;
    }

    private static Mono<AuthorizationResult> judged(Authentication who, ServerHttpRequest request, Role least) {
        if (!(who.getPrincipal() instanceof Operator operator)) {
            return Mono.just(new AuthorizationDecision(false));
        }
        if (operator.role().compareTo(least) > 0) {
            return Mono.error(new Forbidden(
                    least == Role.ROOT ? Objection.ROOT_ONLY : Objection.ADMINS_ONLY,
                    least == Role.ROOT ? "Only root may do this." : "Only an admin may do this."));
        }
        if (!operator.mayWrite() && !reads(request.getMethod())) {
            return Mono.error(new Forbidden(
                    Objection.READ_ONLY_TOKEN, "This access token has the scope read. Use one with the scope write."));
        }
        return Mono.just(new AuthorizationDecision(true));
    }

    private static boolean reads(HttpMethod method) {
        return method == HttpMethod.GET || method == HttpMethod.HEAD || method == HttpMethod.OPTIONS;
    }

    /** Only a browser's cookie comes by itself; a bearer token does not, and sign-in has nothing to steal yet. */
    private static Mono<MatchResult> needsCsrf(ServerWebExchange exchange) {
        ServerHttpRequest request = exchange.getRequest();
        boolean signIn = request.getMethod() == HttpMethod.POST
                && request.getPath().value().equals("/api/session");
        boolean cookieAlone = bearer(request) == null && request.getCookies().containsKey(COOKIE);
        return reads(request.getMethod()) || signIn || !cookieAlone ? MatchResult.notMatch() : MatchResult.match();
    }

    /** The cookie with the CSRF token is written when somebody asks for the token: here, for whoever asks who it is. */
    private static Mono<Void> offerCsrf(ServerWebExchange exchange, WebFilterChain chain) {
        Mono<CsrfToken> token = exchange.getAttribute(CsrfToken.class.getName());
        boolean session = exchange.getRequest().getPath().value().equals("/api/session");
        return token == null || !session ? chain.filter(exchange) : token.then(chain.filter(exchange));
    }

    private static Mono<Void> unknown(ServerWebExchange exchange) {
        exchange.getResponse().getHeaders().set(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
        return write(
                exchange.getResponse(),
                HttpStatus.UNAUTHORIZED,
                Objection.NOT_SIGNED_IN,
                "Sign in, or send 'Authorization: Bearer <access token>'.");
    }

    private static Mono<Void> write(
            ServerHttpResponse response, HttpStatus status, Objection objection, String detail) {
        response.setStatusCode(status);
        response.getHeaders().setContentType(MediaType.APPLICATION_PROBLEM_JSON);
        String json = "{\"type\":\"about:blank\",\"title\":\"" + status.getReasonPhrase() + "\",\"status\":"
                + status.value() + ",\"code\":\"" + objection.label + "\",\"detail\":\"" + detail + "\"}";
        return response.writeWith(Mono.just(response.bufferFactory().wrap(json.getBytes(StandardCharsets.UTF_8))));
    }
}
