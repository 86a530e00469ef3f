package dev.sluice.admin;

import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.media.ArraySchema;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.IntegerSchema;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.ObjectSchema;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.media.StringSchema;
import io.swagger.v3.oas.models.parameters.Parameter;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import io.swagger.v3.oas.models.security.SecurityScheme;
import io.swagger.v3.oas.models.servers.Server;
import java.util.Arrays;
import java.util.List;
import org.springdoc.core.customizers.OperationCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.server.WebFilter;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** What {@code /api/openapi.json} says of the API as a whole. */
@Configuration(proxyBeanMethods = false)
class ApiDescription {
    private static final Schema<?> PROBLEM = new ObjectSchema()
            .addProperty("title", new StringSchema())
            .addProperty("status", new IntegerSchema())
            .addProperty("code", new StringSchema())
            .addProperty("detail", new StringSchema())
            .addProperty(
                    "errors",
                    new ArraySchema()
                            .items(new ObjectSchema()
                                    .addProperty("field", new StringSchema())
                                    .addProperty("message", new StringSchema())
                                    .addProperty("rule", new StringSchema())
                                    .addProperty("values", new ArraySchema().items(new Schema<>()))));

    @Bean
    OpenAPI description() {
        return new OpenAPI()
                .info(new Info()
                        .title("Sluice admin API")
                        .version("1")
                        .description("Channels, tokens, users, prices, and the ledger of every call. Errors are"
                                + " application/problem+json; changes are JSON merge patches; lists page by cursor."))
                .servers(List.of(new Server().url("/")))
                .components(new Components()
                        .addSecuritySchemes(
                                "bearer",
                                new SecurityScheme()
                                        .type(SecurityScheme.Type.HTTP)
                                        .scheme("bearer"))
                        .addSecuritySchemes(
                                "session",
                                new SecurityScheme()
                                        .type(SecurityScheme.Type.APIKEY)
                                        .in(SecurityScheme.In.COOKIE)
                                        .name(AdminSecurity.COOKIE)))
                .addSecurityItem(new SecurityRequirement().addList("bearer"))
                .addSecurityItem(new SecurityRequirement().addList("session"));
    }

    /** Adds what is true of every operation: the parameters of a list, and what an error looks like. */
    @Bean
    OperationCustomizer details() {
        return (operation, method) -> {
            Listed listed = method.getMethodAnnotation(Listed.class);
            if (listed != null) {
                Arrays.stream(listed.value()).forEach(name -> operation.addParametersItem(query(name)));
            }
            if (listed != null && listed.paged()) {
                operation.addParametersItem(
                        query("limit").schema(new IntegerSchema()._default(20)).description("1 to 200"));
                operation.addParametersItem(query("cursor").description("The next_cursor of the page before"));
            }
            operation
                    .getResponses()
                    .addApiResponse(
                            "default",
                            new ApiResponse()
                                    .description("What went wrong")
                                    .content(new Content()
                                            .addMediaType(
                                                    "application/problem+json", new MediaType().schema(PROBLEM))));
            return operation;
        };
    }

    /** springdoc reads class files of the whole program when the document is asked for first: not on an event loop. */
    @Bean
    WebFilter documentAside() {
        return (exchange, chain) -> {
            boolean document = exchange.getRequest().getPath().value().equals("/api/openapi.json");
            Mono<Void> rest = chain.filter(exchange);
            return document ? rest.subscribeOn(Schedulers.boundedElastic()) : rest; // class path scan
        };
    }

    private static Parameter query(String name) {
        return new Parameter().in("query").name(name).required(false).schema(new StringSchema());
    }
}
