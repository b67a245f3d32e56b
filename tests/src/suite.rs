//! The list of cases, and the tests made of it.

/// Makes a test of every case for the application of this binary:
///
/// ```text
/// maestrano_conformance::suite!(env!("CARGO_BIN_EXE_crm-axum"));
/// ```
#[macro_export]
macro_rules! suite {
    ($binary:expr) => {
        $crate::suite! { $binary =>
            login {
                a_click_on_the_tile_signs_in,
                a_guarded_page_leads_through_the_login_and_back,
                a_wrong_password_goes_nowhere,
                a_user_without_access_is_refused_by_the_platform,
                a_user_of_two_groups_chooses_one,
                a_second_login_finds_the_same_account,
                a_member_of_a_second_company_comes_in_for_that_company,
                two_tabs_can_sign_in_at_once,
                nothing_secret_is_logged,
            }
            guard {
                the_start_page_is_public,
                a_program_without_a_session_gets_401_and_no_cookie,
                a_script_is_not_sent_through_the_login,
                head_is_answered_as_get_is,
                a_tampered_cookie_is_no_session,
                the_session_cookie_is_small_and_lax_and_out_of_reach_of_scripts,
                behind_https_the_cookies_are_locked_to_the_host,
                a_browser_that_goes_in_circles_is_told_so,
            }
            marketplaces {
                each_marketplace_signs_in_with_its_own_key,
                a_response_of_one_marketplace_is_refused_at_another,
                without_a_default_the_person_chooses,
                the_marketplace_used_last_is_remembered,
                the_default_marketplace_is_taken,
                an_unknown_marketplace_is_not_found,
            }
            logout {
                signing_out_ends_at_the_platform,
                a_link_signs_nobody_out,
                a_foreign_form_signs_nobody_out,
            }
            recheck {
                a_session_ended_at_the_platform_ends_at_the_recheck,
                a_session_that_goes_on_is_kept,
                an_outage_of_the_platform_signs_nobody_out,
            }
            refused {
                a_broken_response_is_refused_with_a_reference_and_without_a_reason,
                a_response_is_taken_once,
                another_browser_cannot_finish_a_login,
                garbage_is_refused,
            }
            hostile {
                a_return_address_stays_in_the_application,
                the_start_passes_parameters_on_and_drops_the_protocols_own,
                other_methods_are_not_allowed,
                too_much_is_too_large,
            }
            settings {
                missing_variables_are_named,
                a_platform_that_cannot_be_used_is_named,
            }
            chromium {
                chromium_signs_in_and_is_signed_out,
            }
        }
    };
    ($binary:expr => $($topic:ident { $($case:ident,)* })*) => {$(
        mod $topic {$(
            #[test]
            fn $case() {
                $crate::play($crate::cases::$topic::$case(&$crate::Subject::new($binary)));
            }
        )*}
    )*};
}
