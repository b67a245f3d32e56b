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
                two_tabs_can_sign_in_at_once,
                nothing_secret_is_logged,
            }
            scenarios {
                the_first_launch_creates_user_and_company,
                a_second_launch_lands_in_the_existing_account,
                a_second_company_gets_an_account_of_its_own,
                an_invited_user_joins_the_existing_company,
                an_existing_account_is_not_linked_by_its_email,
                a_removed_app_lets_its_company_in_no_more,
            }
            guard {
                the_start_page_is_public,
                a_program_without_a_session_gets_401_and_no_cookie,
                a_script_is_not_sent_through_the_login,
                head_is_answered_as_get_is,
                a_tampered_cookie_is_no_session,
                the_session_cookie_is_small_and_lax_and_out_of_reach_of_scripts,
                behind_https_the_cookies_are_locked_to_the_host,
            }
            answers {
                without_a_session_the_way_in_is_named,
                an_ended_session_leads_back_to_its_company,
                past_the_grace_the_answer_is_503_and_the_cookie_stays,
                what_is_not_there_is_told_in_the_askers_words,
                a_logout_is_done_asked_or_idle,
            }
            outcomes {
                a_login_that_cannot_be_finished_offers_to_begin_again,
                a_refused_response_is_told_to_people_and_programs,
                a_redirect_loop_is_told_to_people_and_programs,
                a_user_whom_the_app_refuses_sees_the_platforms_page,
                a_sign_in_that_fails_shows_a_reference_only,
            }
            cookies {
                a_session_is_found_in_any_cookie_line,
                a_planted_cookie_does_not_hide_the_session,
                bytes_that_are_no_text_let_nobody_in_and_break_nothing,
                the_cookies_stay_small_whatever_is_asked_for,
                a_new_login_gives_a_new_value_and_signing_out_takes_it_away,
                a_tampered_login_cookie_finishes_nothing,
            }
            marketplaces {
                each_marketplace_signs_in_with_its_own_key,
                a_response_of_one_marketplace_is_refused_at_another,
                without_a_default_the_person_chooses,
                the_marketplace_used_last_is_remembered,
                the_default_marketplace_is_taken,
                signing_out_at_one_marketplace_leaves_the_others_alone,
                a_login_from_another_marketplace_takes_the_place,
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
                after_an_outage_sessions_go_on_or_end_as_the_platform_says,
                a_process_that_is_killed_takes_no_login_with_it,
            }
            ended {
                a_company_that_stops_using_the_app_is_out_at_the_next_request,
                a_member_who_was_removed_is_out_at_the_next_request,
                a_webhook_without_the_right_key_ends_nothing,
                news_is_taken_and_nonsense_is_refused,
                signing_out_ends_every_copy_of_the_session,
            }
            processes {
                sign_in_at_one_process_and_use_the_other,
                a_response_spent_at_one_process_is_refused_at_the_other,
                a_removal_that_arrives_at_one_ends_the_sessions_at_all,
                a_removal_that_cannot_be_told_to_all_is_to_be_sent_again,
                signing_out_at_one_is_signing_out_at_all,
                a_process_that_starts_later_knows_who_was_removed,
                without_redis_nobody_signs_in_and_everybody_stays_in,
            }
            refused {
                a_broken_response_is_refused_with_a_reference_and_without_a_reason,
                a_response_is_taken_once,
                another_browser_cannot_finish_a_login,
                garbage_is_refused,
            }
            repeats {
                six_restored_tabs_arrive_at_their_pages,
                thirty_logins_in_a_row_leave_twenty_cookies,
                other_sites_use_up_no_login_of_the_application,
                a_response_posted_twice_leads_to_the_page,
                only_a_navigation_begins_or_ends_anything,
                a_page_in_a_frame_opens_the_sign_in_in_the_whole_window,
                a_script_is_told_to_come_back_to_its_page,
                an_alias_of_the_host_goes_on_at_the_configured_one,
                header_fields_stay_below_the_buffer_of_a_proxy,
            }
            touched {
                a_response_that_was_touched_signs_nobody_in,
                a_comment_does_not_cut_a_value,
                the_base64_may_be_broken_into_lines_and_nothing_else,
            }
            hostile {
                a_return_address_stays_in_the_application,
                a_page_of_the_application_is_found_again,
                the_start_passes_parameters_on_and_drops_the_protocols_own,
                other_methods_are_not_allowed,
                too_much_is_too_large,
                odd_addresses_break_nothing,
            }
            methods {
                every_route_names_its_methods,
                odd_methods_break_nothing,
                head_of_the_start_begins_no_login,
                a_head_request_does_not_use_the_ticket_up,
                a_response_holds_256_kib_and_not_a_byte_more,
                a_body_without_a_length_is_measured_too,
            }
            bodies {
                a_body_that_no_route_takes_is_not_awaited,
                a_webhook_body_is_read_after_the_credentials,
                a_stalled_body_gets_408,
                a_client_that_still_sends_gets_its_answer,
                stalled_bodies_do_not_fill_the_memory,
                stalled_clients_do_not_delay_shutdown,
            }
            place {
                below_a_prefix_the_whole_login_runs,
                three_apps_on_one_host_keep_their_cookies_apart,
                paths_with_a_query_tell_marketplaces_apart,
                a_foreign_host_header_decides_nothing,
            }
            contacts {
                an_own_form_adds_a_contact,
                a_foreign_form_adds_nothing,
                a_form_without_a_session_changes_nothing,
                a_company_sees_its_own_contacts_only,
            }
            many {
                a_thousand_logins_do_not_fill_the_memory,
            }
            settings {
                missing_variables_are_named,
                a_platform_that_cannot_be_used_is_named,
                a_redis_that_cannot_be_used_is_named,
            }
            chromium {
                chromium_signs_in_and_is_signed_out,
                tabs_opened_at_once_arrive_at_their_pages,
                eight_tabs_that_wait_at_the_platform_all_arrive,
                back_reload_and_prefetch_keep_the_user_at_the_page,
                signing_out_aliases_and_frames_lead_where_they_should,
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
