<?php
// One document from FOLDER, by fopen() and fpassthru(), as in 2009.
$name = ltrim($_SERVER['REQUEST_URI'], '/');
$path = getenv('FOLDER') . '/documents/' . basename($name);
$document = $name === basename($name) && is_file($path) ? fopen($path, 'rb') : false;
if ($document === false) {
    http_response_code(404);
    exit;
}
header('Content-Type: application/octet-stream');
header('Content-Length: ' . fstat($document)['size']);
fpassthru($document);
