package dev.sluice.admin;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Tells the API's description which query parameters a list takes. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@interface Listed {
    /** The filters, by the names of their fields. */
    String[] value();

    /** Whether it also takes {@code limit} and {@code cursor}. */
    boolean paged() default true;
}
