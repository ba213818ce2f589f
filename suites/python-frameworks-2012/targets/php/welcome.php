<?php
// GET /welcome without a framework, in PHP; every other path is a 404. Needs no build:
//     assay inproc welcome.php --runtime php --path /welcome
header('Content-Type: text/plain');
if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) === '/welcome') {
    echo 'Hello World!';
} else {
    http_response_code(404);
    echo 'Not Found';
}
